"""What a training reports: ticks, verdicts, its subject, metrics.jsonl, and the words for all of it; no torch.

Imports base.
"""
