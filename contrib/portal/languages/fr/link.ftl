# What the links in messages lead to.
