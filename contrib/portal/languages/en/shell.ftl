# What is around every page, and words that many pages share.

language-name = English
text-direction = ltr
account-recovery = Account recovery
skip-to-content = Skip to the content
language = Language
help-before-contact = Need help?
title-with-error = Error: { $title }
error-summary = There is a problem
continue = Continue
