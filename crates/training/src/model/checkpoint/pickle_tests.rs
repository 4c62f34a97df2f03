//! What hand-made pickles, good and evil, come to.

use super::*;

/// A text: `X`, its length, its bytes.
fn text(text: &str) -> Vec<u8> {
    [b"X", &(text.len() as u32).to_le_bytes()[..], text.as_bytes()].concat()
}

/// A tensor as torch.save writes it: 2 x 3 half-precision numbers from the fifth on, in the entry `7`.
fn tensor_bytes(strides: [u8; 2]) -> Vec<u8> {
    let storage = [
        b"(".to_vec(),
        text("storage"),
        b"ctorch\nHalfStorage\n".to_vec(),
        text("7"),
        text("cpu"),
        b"K\x14tQ".to_vec(),
    ];
    let [a, b] = strides;
    [
        b"ctorch._utils\n_rebuild_tensor_v2\n(".to_vec(),
        storage.concat(),
        vec![b'K', 4, b'K', 2, b'K', 3, 0x86, b'K', a, b'K', b, 0x86],
        vec![0x89],
        b"}tR".to_vec(),
    ]
    .concat()
}

fn dictionary(name: &str, value: Vec<u8>) -> Vec<u8> {
    [b"\x80\x02}(".to_vec(), text(name), value, b"u.".to_vec()].concat()
}

fn found(pickle: &[u8]) -> Vec<(String, Stored)> {
    let object = parse(pickle).expect("a sound pickle");
    let mut found = Vec::new();
    flatten(state_dict(&object), "", &mut found);
    found
}

#[test]
fn a_tensor_is_found_with_its_place() {
    let inner = dictionary("visual.proj", tensor_bytes([3, 1]));
    let nested = dictionary("state_dict", inner[2..inner.len() - 1].to_vec());
    for pickle in [inner, nested] {
        let found = found(&pickle);
        let [(name, tensor)] = found.as_slice() else { panic!("{} tensors", found.len()) };
        assert_eq!(
            (name.as_str(), tensor.key.as_str(), tensor.shape.as_slice()),
            ("visual.proj", "7", &[2, 3][..])
        );
        let entry = tensor.entry(Path::new("x.pt"), &Place { start: 1000, length: 40 }).expect("inside");
        assert_eq!((entry.start, entry.dtype, entry.transposed), (1008, DType::F16, false));
    }
}

#[test]
fn a_tensor_may_be_transposed_but_not_scattered_nor_longer_than_what_is_stored() {
    let entry = |strides, length| {
        let found = found(&dictionary("x", tensor_bytes(strides)));
        found[0].1.entry(Path::new("x.pt"), &Place { start: 0, length }).map(|entry| entry.transposed)
    };
    assert_eq!(entry([1, 2], 40), Ok(true));
    assert!(entry([7, 1], 40).expect_err("scattered").contains("scattered (strides [7, 1])"));
    assert_eq!(entry([3, 1], 20), Ok(false));
    assert!(entry([3, 1], 19).expect_err("too short").contains("the 19 bytes stored"));
}

#[test]
fn a_pickle_that_would_take_all_memory_is_refused() {
    // Each pair holds the one before twice: 2^60 objects at the end.
    let mut doubling = b"\x80\x02)q\x00".to_vec();
    (0..60).for_each(|_| doubling.extend(b"h\x00h\x00\x86q\x00"));
    let mut nested = b"\x80\x02)".to_vec();
    nested.extend([0x85; 100_000]);
    // A list that is appended to itself, which copies it.
    let mut growing = b"\x80\x02]q\x00".to_vec();
    (0..60).for_each(|_| growing.extend(b"h\x00aq\x00"));
    for (pickle, expected) in [
        (doubling, "too many objects"),
        (nested, "nested too deeply"),
        (growing, "too many objects"),
        (b"\x80\x02X\xff\xff\xff\xff".to_vec(), "a text longer than the file"),
        (b"\x80\x02\x8a\xff".to_vec(), "a number of more than 8 bytes"),
        (b"\x80\x02".to_vec(), "empty stack"),
        (b"\x80\x02\x99".to_vec(), "unknown instruction 0x99"),
    ] {
        let why = parse(&[pickle, b".".to_vec()].concat()).expect_err("refused");
        assert!(why.contains(expected), "{why}, expected {expected}");
    }
    assert_eq!(parse(b"\x80\x02}").expect_err("refused"), "ends too early");
}

#[test]
fn tensors_with_too_few_parts_are_no_tensors() {
    for arguments in [&b")"[..], b"K\x01\x85", b"(K\x01K\x02K\x03K\x04t", b"(NQNNNt"] {
        let value = [b"ctorch._utils\n_rebuild_tensor_v2\n", arguments, b"R"].concat();
        assert!(found(&dictionary("x", value)).is_empty(), "{arguments:?}");
    }
}
