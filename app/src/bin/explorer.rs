//! The explorer's program.

fn main() {
    clip_rs_app::explore::start();
}
