"""The doctor: from here to the project step by step, each with what is wrong and the remedy."""
