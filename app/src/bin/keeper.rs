//! The keeper's program.

fn main() {
    clip_rs_app::offline::start();
}
