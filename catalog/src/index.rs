//! The header of a search index file.
