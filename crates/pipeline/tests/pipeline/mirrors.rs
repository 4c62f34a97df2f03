//! `clip-rs model pull` against mirrors that say less of their files than a hub, and over lines on which things go wrong.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use clip_rs_stage::StageError;
use clip_rs_training::model::{self, Preset, Quantization, Said};

use crate::pulling::{
    FILE, Files, Hub, NAME, REVISION, Trouble, Unsaid, downloads, state_dict, with_state_dict,
};
use crate::support::command;

/// Pulls with little patience: half a second without a byte, 10 ms before the second try.
fn pull(hub: &Hub, folder: &Path) -> Result<(), StageError> {
    let times = (Duration::from_millis(500), Duration::from_millis(10));
    let hub = model::Hub::new(&hub.address, folder.join("hub/hub")).with_times(times.0, times.1);
    let plan = hub.plan(Preset::named(NAME)?)?;
    hub.pull(&plan, &folder.join("package"), Quantization::Q8_0, &Said::default()).map(|_| ())
}

fn kept(folder: &Path) -> Vec<Vec<u8>> {
    downloads(folder).iter().map(|path| fs::read(path).expect("a file")).collect()
}

#[test]
fn a_mirror_may_leave_out_any_header() {
    let all = &[Unsaid::Tag, Unsaid::Revision, Unsaid::Range, Unsaid::Length];
    for unsaid in [&[][..], &all[..1], &all[1..2], &all[2..3], &all[..3], all] {
        let folder = tempfile::tempdir().expect("temporary folder");
        let hub = Hub::start(Files { unsaid, ..with_state_dict() });
        pull(&hub, folder.path()).unwrap_or_else(|error| panic!("without {unsaid:?}: {error}"));
        assert_eq!(kept(folder.path()), [state_dict()], "without {unsaid:?}");
        let revision = if unsaid.contains(&Unsaid::Revision) { "main" } else { REVISION };
        assert!(downloads(folder.path())[0].ends_with(format!("{revision}/{FILE}")), "without {unsaid:?}");
        // What can be compared with nothing is not taken for whole.
        pull(&hub, folder.path()).expect("a second time");
        let tries = if unsaid.contains(&Unsaid::Length) { 2 } else { 1 };
        assert_eq!(hub.asked().len(), tries, "without {unsaid:?}");
    }
}

#[test]
fn a_cut_download_of_a_known_revision_goes_on_without_a_tag_and_begins_anew_where_there_are_no_ranges() {
    let half = state_dict().len() / 2;
    for (unsaid, asked) in [
        (&[Unsaid::Tag][..], [0, half]),
        (&[Unsaid::Tag, Unsaid::Range], [0, 0]),
        (&[Unsaid::Tag, Unsaid::Revision], [0, 0]),
    ] {
        let folder = tempfile::tempdir().expect("temporary folder");
        let hub = Hub::start(Files { unsaid, cuts: 1, ..with_state_dict() });
        pull(&hub, folder.path()).unwrap_or_else(|error| panic!("without {unsaid:?}: {error}"));
        assert_eq!(hub.asked(), asked, "without {unsaid:?}");
        assert_eq!(kept(folder.path()), [state_dict()], "without {unsaid:?}");
    }
}

#[test]
fn what_passes_is_waited_out() {
    for trouble in [Trouble::Hangs, Trouble::HangsHalfWay, Trouble::Busy, Trouble::Fails] {
        let folder = tempfile::tempdir().expect("temporary folder");
        let hub = Hub::start(Files { troubles: vec![trouble; 2], ..with_state_dict() });
        let begun = Instant::now();
        pull(&hub, folder.path()).unwrap_or_else(|error| panic!("{trouble:?}: {error}"));
        assert!(hub.files.lock().expect("no panic").troubles.is_empty(), "{trouble:?}");
        assert_eq!(kept(folder.path()), [state_dict()], "{trouble:?}");
        eprintln!("{trouble:?}: {:?}", begun.elapsed());
    }
}

#[test]
fn what_stays_ends_the_run_with_the_reason() {
    for (trouble, reason) in [(Trouble::Hangs, "no answer in time"), (Trouble::Fails, "it fails (500")] {
        let folder = tempfile::tempdir().expect("temporary folder");
        let hub = Hub::start(Files { troubles: vec![trouble; 100], ..with_state_dict() });
        let error = pull(&hub, folder.path()).expect_err("no answer").to_string();
        assert!(error.contains(reason) && error.contains(FILE), "{error}");
        assert_eq!(hub.files.lock().expect("no panic").troubles.len(), 100 - 6, "six tries");
    }
}

#[test]
fn a_web_page_in_place_of_weights_is_called_one_and_is_not_kept() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let hub = Hub::start(Files { troubles: vec![Trouble::Page; 2], ..with_state_dict() });
    let error = pull(&hub, folder.path()).expect_err("no weights").to_string();
    assert!(error.contains("this is a web page") && error.contains(FILE), "{error}");
    assert!(downloads(folder.path()).is_empty() && !folder.path().join("package").exists());
    pull(&hub, folder.path()).expect("signed in");
    assert_eq!(kept(folder.path()), [state_dict()]);
}

#[test]
fn a_token_goes_to_the_hub_alone_and_is_never_shown() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let hub = Hub::start(with_state_dict());
    let elsewhere = Hub::start(with_state_dict());
    for (moved, token) in [(None, "secret"), (Some(elsewhere.address.clone()), "secret"), (None, "sesame-7")]
    {
        let is_right = token == "secret";
        {
            let mut files = hub.files.lock().expect("no panic");
            (files.closed, files.moved) = (true, moved.clone());
        }
        let out = folder.path().join("package");
        let output = command(["model", "pull", NAME, "--yes", "--out", &out.to_string_lossy()])
            .env("HF_ENDPOINT", &hub.address)
            .env("HF_HOME", folder.path().join(format!("hub-{}-{token}", moved.is_some())))
            .env("HF_TOKEN", token)
            .env("NO_PROXY", "127.0.0.1")
            .output()
            .expect("the command starts");
        let told = [output.stdout, output.stderr].concat();
        let told = String::from_utf8_lossy(&told);
        assert_eq!(output.status.success(), is_right, "{told}");
        assert!(!told.contains(token), "{told}");
    }
    let shown = |hub: &Hub| hub.files.lock().expect("no panic").tokens;
    assert!(shown(&hub) > 0, "the hub was shown the token");
    assert_eq!((shown(&elsewhere), elsewhere.asked().len()), (0, 1), "who it sent on to was not");
}
