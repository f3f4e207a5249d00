"""Dated data of people: numbers and lists, consent texts, words of notices."""
