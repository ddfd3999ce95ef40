//! The table of mutants and the checks that notice them.
