//! Pure values and rules.
