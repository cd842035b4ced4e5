"""The look of every page: one stylesheet, macros, the JavaScript that pages share, formats."""
