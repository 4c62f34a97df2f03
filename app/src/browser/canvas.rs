//! Pictures put together on a canvas: an item's files as pixels, and a few coloured cells spread over them.

use wasm_bindgen::{Clamped, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{HtmlCanvasElement, HtmlImageElement, ImageData};

use super::pixels::{Pixels, canvas, context, read};
use super::reason;
use crate::mosaic::{Place, WHOLE};

/// The pixels of an item that is shown by these pieces, URLs with their places in its square. A single file that is all of it
/// keeps its proportions. The longer edge becomes at most `longest` pixels; what no piece covers is transparent.
pub async fn assemble(pieces: &[(&str, Place)], longest: f64) -> Result<Pixels, String> {
    let mut images = Vec::new();
    for (url, place) in pieces {
        images.push((loaded(url).await?, *place));
    }
    let (width, height) = match images.as_slice() {
        [(image, place)] if *place == WHOLE => {
            fitted(f64::from(image.natural_width()), f64::from(image.natural_height()), longest)
        }
        _ => (longest, longest),
    };
    let canvas = canvas()?;
    canvas.set_width(width as u32);
    canvas.set_height(height as u32);
    let context = context(&canvas)?;
    for (image, Place { left, top, width: wide, height: high }) in &images {
        let (across, down) = (width / 100.0, height / 100.0);
        context
            .draw_image_with_html_image_element_and_dw_and_dh(
                image,
                left * across,
                top * down,
                wide * across,
                high * down,
            )
            .map_err(failed)?;
    }
    read(&canvas, &context)
}

/// Draws `cells` over the whole of a canvas, which takes the size of `onto`, without a step from one to the next.
pub fn spread(canvas: &HtmlCanvasElement, cells: &Pixels, onto: (u32, u32)) -> Result<(), String> {
    let small = self::canvas()?;
    small.set_width(cells.width);
    small.set_height(cells.height);
    let data = ImageData::new_with_u8_clamped_array_and_sh(Clamped(&cells.rgba), cells.width, cells.height);
    context(&small)?.put_image_data(&data.map_err(failed)?, 0.0, 0.0).map_err(failed)?;
    let (width, height) = onto;
    canvas.set_width(width);
    canvas.set_height(height);
    context(canvas)?
        .draw_image_with_html_canvas_element_and_dw_and_dh(
            &small,
            0.0,
            0.0,
            f64::from(width),
            f64::from(height),
        )
        .map_err(failed)
}

async fn loaded(url: &str) -> Result<HtmlImageElement, String> {
    let image = HtmlImageElement::new().map_err(failed)?;
    image.set_src(url);
    JsFuture::from(image.decode()).await.map_err(failed)?;
    Ok(image)
}

/// Width and height, at least 1, with the longer one at most `longest`.
fn fitted(width: f64, height: f64, longest: f64) -> (f64, f64) {
    let scale = (longest / width.max(height).max(1.0)).min(1.0);
    ((width * scale).round().max(1.0), (height * scale).round().max(1.0))
}

fn failed(thrown: JsValue) -> String {
    reason(&thrown)
}

#[cfg(test)]
mod tests {
    use super::fitted;

    #[test]
    fn a_picture_keeps_its_proportions_and_is_never_enlarged() {
        assert_eq!(fitted(4000.0, 3000.0, 512.0), (512.0, 384.0));
        assert_eq!(fitted(300.0, 200.0, 512.0), (300.0, 200.0));
        assert_eq!(fitted(100_000.0, 1.0, 512.0), (512.0, 1.0));
        assert_eq!(fitted(0.0, 0.0, 512.0), (1.0, 1.0));
    }
}
