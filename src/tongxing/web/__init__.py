"""What every face shares: languages, words, headers, templates, serving."""
