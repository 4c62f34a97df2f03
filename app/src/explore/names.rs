//! What groups of places may be called: everyday names of what is seen from above.

/// One name a line.
const NAMES: &str = include_str!("names.txt");

/// All names.
pub fn texts() -> impl Iterator<Item = &'static str> {
    NAMES.lines().map(str::trim).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::texts;

    #[test]
    fn names_are_many_short_and_different() {
        let all: Vec<&str> = texts().collect();
        assert!((150..600).contains(&all.len()), "{}", all.len());
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
        assert!(
            all.iter().all(|name| name.len() <= 32
                && name.chars().all(|c| c.is_ascii_lowercase() || c == ' ' || c == '-'))
        );
    }
}
