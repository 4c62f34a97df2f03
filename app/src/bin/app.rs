//! The page's program.

fn main() {
    clip_rs_app::ui::start();
}
