//! Pictures as pixels: from files that a person gives, upright and in sRGB as browsers show them.

use js_sys::Promise;
use wasm_bindgen::Clamped;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, CanvasRenderingContext2d, HtmlCanvasElement, ImageBitmap, ImageData};

use super::{options, page, reason};

/// Longest edge that is looked at, pixels: models see far less.
const LONGEST: f64 = 2048.0;
/// Largest file that is read, bytes.
pub const MAX_BYTES: f64 = 64.0 * 1024.0 * 1024.0;

/// A picture's pixels.
#[derive(Debug, Clone, PartialEq)]
pub struct Pixels {
    /// Pixels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Red, green, blue and alpha of each, row by row.
    pub rgba: Vec<u8>,
}

/// A picture that was decoded.
#[derive(Debug, Clone)]
pub struct Picture(ImageBitmap);

/// The part of a picture that is meant, in parts of its width and height after turning.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cut {
    /// Quarter turns clockwise, 0 to 3.
    pub turns: u32,
    /// Left edge, 0 to 1.
    pub left: f64,
    /// Upper edge, 0 to 1.
    pub top: f64,
    /// Width, above 0.
    pub width: f64,
    /// Height, above 0.
    pub height: f64,
}

impl Cut {
    /// All of it as it is.
    pub const WHOLE: Self = Self { turns: 0, left: 0.0, top: 0.0, width: 1.0, height: 1.0 };
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_name = createImageBitmap)]
    fn create_image_bitmap(image: &Blob) -> Result<Promise, JsValue>;
}

impl Picture {
    /// Decodes a file; the error says for people why it is no picture.
    pub async fn decode(file: &Blob) -> Result<Self, String> {
        if file.size() > MAX_BYTES {
            return Err("It is larger than 64 MB.".to_owned());
        }
        let unread =
            |thrown: JsValue| format!("This browser cannot read it as a picture ({}).", reason(&thrown));
        let bitmap = JsFuture::from(create_image_bitmap(file).map_err(unread)?).await.map_err(unread)?;
        let bitmap: ImageBitmap = bitmap.dyn_into().map_err(unread)?;
        if bitmap.width() == 0 || bitmap.height() == 0 {
            return Err("It has no pixels.".to_owned());
        }
        Ok(Self(bitmap))
    }

    /// Draws a part of it on a canvas, whose longer edge becomes at most `longest` pixels.
    pub fn draw(
        &self,
        canvas: &HtmlCanvasElement,
        cut: Cut,
        longest: f64,
    ) -> Result<CanvasRenderingContext2d, String> {
        let (width, height) = (f64::from(self.0.width()), f64::from(self.0.height()));
        let (across, down) = if cut.turns.is_multiple_of(2) { (width, height) } else { (height, width) };
        let (wide, high) = (across * cut.width, down * cut.height);
        let scale = (longest / wide.max(high)).min(1.0);
        canvas.set_width((wide * scale).round().max(1.0) as u32);
        canvas.set_height((high * scale).round().max(1.0) as u32);
        let context = context(canvas)?;
        let failed = |thrown: JsValue| reason(&thrown);
        context.scale(scale, scale).map_err(failed)?;
        context.translate(-cut.left * across + across / 2.0, -cut.top * down + down / 2.0).map_err(failed)?;
        context.rotate(f64::from(cut.turns % 4) * std::f64::consts::FRAC_PI_2).map_err(failed)?;
        context.draw_image_with_image_bitmap(&self.0, -width / 2.0, -height / 2.0).map_err(failed)?;
        Ok(context)
    }

    /// The pixels of a part of it.
    pub fn pixels(&self, cut: Cut) -> Result<Pixels, String> {
        let canvas = canvas()?;
        let context = self.draw(&canvas, cut, LONGEST)?;
        read(&canvas, &context)
    }
}

/// A canvas that is not on the page.
pub fn canvas() -> Result<HtmlCanvasElement, String> {
    let made = page::document().and_then(|document| document.create_element("canvas").ok());
    made.and_then(|made| made.dyn_into().ok()).ok_or_else(|| "This browser has no canvas.".to_owned())
}

/// What draws on a canvas, whose pixels are to be read.
pub fn context(canvas: &HtmlCanvasElement) -> Result<CanvasRenderingContext2d, String> {
    let no_context = || "This browser has no canvas to draw it on.".to_owned();
    let settings = options(&[("willReadFrequently", true.into())]);
    let context = canvas.get_context_with_context_options("2d", &settings);
    let context = context.map_err(|thrown| reason(&thrown))?.ok_or_else(no_context)?;
    context.dyn_into().map_err(|_| no_context())
}

/// The pixels of a canvas.
pub fn read(canvas: &HtmlCanvasElement, context: &CanvasRenderingContext2d) -> Result<Pixels, String> {
    let (width, height) = (canvas.width(), canvas.height());
    let data = context.get_image_data(0.0, 0.0, f64::from(width), f64::from(height));
    let rgba = data.map_err(|thrown| reason(&thrown))?.data().0;
    Ok(Pixels { width, height, rgba })
}

/// Address of a picture of these pixels (red, green, blue and alpha of each), `width` in a row.
pub fn data_url(width: u32, rgba: &[u8]) -> Result<String, String> {
    let failed = |thrown: JsValue| reason(&thrown);
    let data = ImageData::new_with_u8_clamped_array(Clamped(rgba), width).map_err(failed)?;
    let canvas = canvas()?;
    canvas.set_width(width);
    canvas.set_height(data.height());
    let context = canvas.get_context("2d").map_err(failed)?.ok_or("This browser has no canvas.")?;
    let context: CanvasRenderingContext2d = context.dyn_into().map_err(|_| "This browser has no canvas.")?;
    context.put_image_data(&data, 0.0, 0.0).map_err(failed)?;
    canvas.to_data_url().map_err(failed)
}
