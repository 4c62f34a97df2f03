//! Keys as Chromium's developer protocol describes them (`Input.dispatchKeyEvent`).

use anyhow::{Result, bail};
use serde_json::{Value, json};

/// Keys without a character: their name in DOM events, which is that of the key on the keyboard as well, and what Windows calls
/// them, by which Chromium finds what they do.
const NAMED: [(&str, u32); 11] = [
    ("Backspace", 8),
    ("Tab", 9),
    ("Enter", 13),
    ("Escape", 27),
    ("End", 35),
    ("Home", 36),
    ("ArrowLeft", 37),
    ("ArrowUp", 38),
    ("ArrowRight", 39),
    ("ArrowDown", 40),
    ("Delete", 46),
];

/// The events of pressing a key and of letting it go. `key` is a name in DOM events, or the character that it writes.
pub(crate) fn stroke(key: &str) -> Result<[Value; 2]> {
    let mut down = match NAMED.iter().find(|(name, _)| *name == key) {
        Some((name, number)) => json!({ "key": name, "code": name, "windowsVirtualKeyCode": number }),
        None if key.chars().count() == 1 => json!({ "key": key, "text": key }),
        None => bail!("{key} is no key that is known here"),
    };
    if key == "Enter" {
        down["text"] = json!("\r");
    }
    let mut up = down.clone();
    down["type"] = json!(if down.get("text").is_some() { "keyDown" } else { "rawKeyDown" });
    up["type"] = json!("keyUp");
    Ok([down, up])
}
