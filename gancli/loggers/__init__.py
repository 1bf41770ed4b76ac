"""What writes ticks somewhere: the contract, the guard around loggers, and the built-in ones.

Imports training and what is below it.
"""
