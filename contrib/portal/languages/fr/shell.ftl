# What is around every page, and words that many pages share.
