# Support's own pages.
