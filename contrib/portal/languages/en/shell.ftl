# What is around every page, and words that many pages share.

skip-to-content = Skip to the content
continue = Continue
