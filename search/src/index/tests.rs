//! The index against what it stands for: brute force.

use super::*;

#[test]
fn an_empty_index_works() {
    let index = Index::build(&[], IndexParams::default()).expect("an index");
    let read = Index::from_bytes(&index.to_bytes().expect("bytes")).expect("the same index");
    assert!(read.is_empty());
}
