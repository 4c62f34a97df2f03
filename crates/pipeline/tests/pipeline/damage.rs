//! Damage to any byte of any file of a catalog is found, and the file is named.

use std::fs;

use clip_rs_pipeline::verify::verify;

use crate::support::{catalog, clip_rs, said, snapshot};

#[test]
fn one_changed_byte_in_any_file_is_found_and_the_file_named() {
    let (folder, _) = catalog();
    let out = folder.path().join("catalog");
    let whole = snapshot(&out);
    assert!(
        whole.keys().any(|name| name.ends_with(".br")),
        "there are compressed siblings: {:?}",
        whole.keys()
    );
    for (name, content) in &whole {
        let last = content.len() - 1;
        for (at, bit) in [(0, 0), (last / 3, 7), (last / 2, 3), (last, 0)] {
            let mut damaged = content.clone();
            damaged[at] ^= 1 << bit;
            fs::write(out.join(name), &damaged).expect("write");
            let verdict = verify(&out).expect("checked");
            let named: Vec<&str> = verdict.faults.iter().map(|fault| fault.file.as_str()).collect();
            assert_eq!(named, [name.as_str()], "bit {bit} of byte {at}: {:?}", verdict.faults);
        }
        fs::write(out.join(name), &content[..last]).expect("write");
        assert!(
            verify(&out).expect("checked").faults.iter().any(|fault| fault.file == *name),
            "{name} cut short"
        );
        fs::write(out.join(name), content).expect("write");
    }
    assert_eq!(verify(&out).expect("checked").faults, []);
}

#[test]
fn several_faults_are_all_named_and_the_command_exits_with_one() {
    let (folder, _) = catalog();
    let out = folder.path().join("catalog");
    let args = ["verify".as_ref(), out.as_os_str()];
    let fine = said(&clip_rs(args));
    assert!(fine.contains("6 items") && fine.contains("12 pictures") && fine.contains("0 faults"), "{fine}");

    let whole = snapshot(&out);
    let find = |what: &str| whole.keys().find(|name| name.contains(what)).expect("a file").clone();
    let (index, tile, overview) = (find("index."), find("14/4701/6268.jpg"), find("13/2350/3133.jpg"));
    fs::remove_file(out.join(&index)).expect("remove");
    fs::remove_file(out.join(&tile)).expect("remove");
    fs::write(out.join(&overview), "").expect("write");
    fs::write(out.join("stranger.txt"), "").expect("write");
    let output = clip_rs(args);
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    for expected in [
        format!("FAULT {index}: missing"),
        format!("FAULT {tile}: missing"),
        format!("FAULT {overview}: 0 bytes long"),
        "note: stranger.txt does not belong".to_owned(),
        "3 faults".to_owned(),
    ] {
        assert!(text.contains(&expected), "{expected:?} in {text}");
    }

    fs::remove_file(out.join("catalog.json")).expect("remove");
    let output = clip_rs(args);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stdout).contains("FAULT catalog.json: missing"));
}
