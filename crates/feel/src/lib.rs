//! FEEL: text to checked expression to value. Pure.
