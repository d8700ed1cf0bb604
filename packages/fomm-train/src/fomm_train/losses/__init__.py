"""The losses (Section 3.3 of the paper) and what they are computed with."""
