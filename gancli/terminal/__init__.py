"""What a terminal shows: displays of a training, pictures and curves in text, keys, signals, progress bars.

Imports training and what is below it.
"""
