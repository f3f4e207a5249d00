"""Files between institutions: the text files of JT/T 978.4, and line files of our own.

The text files are read and written byte for byte by layouts that are data (`data/`), gathered from
public implementations and **not compared with the standard**: every command says so. Line files
(`lines/`) are for members without a link between databases: one signed gzip file, taken apart by a
child process with limits before anybody looks inside. Nothing here keeps state or moves money.
"""
