"""What a training tells: ticks, verdicts, what is trained, metrics.jsonl, and the words for all of it; no torch.

Imports base.
"""
