//! Pictures of pages: kept as build output, and compared with those that the project keeps.
//!
//! Two pictures are alike if few of their cells differ by much: other versions of fonts and of Chromium draw the same
//! page a little otherwise, and a person would not call that a difference.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use serde_json::Value;

use crate::Browser;

/// Pixels of a cell's side. Its mean colour is what is compared.
const CELL: usize = 16;
/// How far the mean of a colour may be off, of 255.
const COLOUR: f64 = 28.0;
/// How many cells of a thousand may be off.
const CELLS: usize = 20;
/// How many of a hundred parts one picture may be larger than the other.
const SIZE: usize = 4;

/// What changes from run to run: times, codes, digits, addresses with ports. Its place is not compared.
const CHANGING: &str = "time, .digits, .code, code, output, .countdown, .wait, img.qr, .short-code";

/// Says every time in the same words, so that what stands behind one stands where it did on another day.
const STILL: &str =
    "document.querySelectorAll('time').forEach(one => { one.textContent = '2026-11-24 01:17 UTC'; });";

impl Browser {
    /// Takes a picture of the whole page, into `target/pictures`. If the project keeps one of this name in
    /// `contrib/portal/pictures`, compares them. `READMIT_TEST_ACCEPT=1` keeps the new ones instead.
    ///
    /// # Panics
    /// If they differ; with where to look, and how to accept.
    pub async fn picture(&self, name: &str) {
        self.run(STILL, vec![]).await;
        let changing = self.changing().await;
        let taken = self.photograph().await;
        let file = save(name, &taken);
        let kept = root().join("contrib/portal/pictures").join(format!("{name}.png"));
        let Ok(before) = std::fs::read(&kept) else { return };
        let (before, now) = (Picture::decode(&before), Picture::decode(&taken));
        let Some(difference) = before.difference(&now, &changing) else { return };
        if std::env::var_os("READMIT_TEST_ACCEPT").is_some() {
            std::fs::write(&kept, taken).unwrap();
            return;
        }
        let marked = save(&format!("{name}.difference"), &difference.picture.encode());
        panic!(
            "{name} looks different ({}): compare {} with {}; the differences are marked in {}. If it is as it should \
             be, run this test again with READMIT_TEST_ACCEPT=1 and commit the picture.",
            difference.what,
            file.display(),
            kept.display(),
            marked.display()
        );
    }

    /// Takes a picture to be kept by the project, whether there is one yet or not.
    ///
    /// # Panics
    /// If there is none, unless `READMIT_TEST_ACCEPT` is set; if they differ.
    pub async fn kept_picture(&self, name: &str) {
        let kept = root().join("contrib/portal/pictures").join(format!("{name}.png"));
        if !kept.exists() {
            assert!(
                std::env::var_os("READMIT_TEST_ACCEPT").is_some(),
                "{} is not there; run this test again with READMIT_TEST_ACCEPT=1, look at it, and commit it",
                kept.display()
            );
            std::fs::create_dir_all(kept.parent().unwrap()).unwrap();
            std::fs::write(&kept, self.photograph().await).unwrap();
        }
        self.picture(name).await;
    }

    async fn changing(&self) -> Vec<Area> {
        let script = "return [...document.querySelectorAll(arguments[0])].map(one => one.getBoundingClientRect())\
                      .map(at => [at.left + scrollX, at.top + scrollY, at.right + scrollX, at.bottom + scrollY]);";
        let areas = self.run(script, vec![CHANGING.into()]).await;
        let read = |area: &Value| {
            let side = |at: usize| area[at].as_f64().unwrap_or_default();
            Area { left: side(0), top: side(1), right: side(2), bottom: side(3) }
        };
        areas.as_array().unwrap().iter().map(read).collect()
    }
}

/// A part of a page, in CSS pixels.
#[derive(Debug, Clone, Copy)]
struct Area {
    left: f64,
    top: f64,
    right: f64,
    bottom: f64,
}

/// Pixels of three bytes.
#[derive(Clone, PartialEq, Eq)]
struct Picture {
    width: usize,
    height: usize,
    pixels: Vec<[u8; 3]>,
}

/// What differs, and a picture with it marked.
struct Difference {
    what: String,
    picture: Picture,
}

impl Picture {
    fn decode(png: &[u8]) -> Self {
        let mut decoder = png::Decoder::new(std::io::Cursor::new(png));
        decoder
            .set_transformations(png::Transformations::normalize_to_color8() | png::Transformations::ALPHA);
        let mut reader = decoder.read_info().unwrap();
        let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut bytes).unwrap();
        let samples = info.color_type.samples();
        assert_eq!(samples, 4, "Chromium takes pictures in colour");
        let pixels =
            bytes[..info.buffer_size()].chunks_exact(samples).map(|pixel| [pixel[0], pixel[1], pixel[2]]);
        let (width, height) = (usize::try_from(info.width).unwrap(), usize::try_from(info.height).unwrap());
        Self { width, height, pixels: pixels.collect() }
    }

    fn encode(&self) -> Vec<u8> {
        let mut png = Vec::new();
        let (width, height) = (u32::try_from(self.width).unwrap(), u32::try_from(self.height).unwrap());
        let mut encoder = png::Encoder::new(&mut png, width, height);
        encoder.set_color(png::ColorType::Rgb);
        let mut writer = encoder.write_header().unwrap();
        writer.write_image_data(self.pixels.as_flattened()).unwrap();
        writer.finish().unwrap();
        png
    }

    /// How `now` differs from this picture, if a person would see it. What changes anyway is left out.
    fn difference(&self, now: &Self, changing: &[Area]) -> Option<Difference> {
        let far = |a: usize, b: usize| a.abs_diff(b) * 100 > SIZE * a.max(b);
        let mut marked = now.clone();
        if far(self.width, now.width) || far(self.height, now.height) {
            let what = format!("{} × {} pixels, was {} × {}", now.width, now.height, self.width, self.height);
            return Some(Difference { what, picture: marked });
        }
        let (columns, rows) = (self.width.min(now.width) / CELL, self.height.min(now.height) / CELL);
        let cells = (0..rows).flat_map(|row| (0..columns).map(move |column| (column, row)));
        let off: Vec<(usize, usize)> = cells
            .filter(|cell| !changing.iter().any(|area| area.touches(*cell)))
            .filter(|cell| self.is_off(now, *cell))
            .collect();
        off.iter().for_each(|cell| marked.mark(*cell));
        let what = format!("{} of {} cells", off.len(), columns * rows);
        (off.len() * 1000 > CELLS * columns * rows).then_some(Difference { what, picture: marked })
    }

    fn is_off(&self, now: &Self, cell: (usize, usize)) -> bool {
        let (before, now) = (self.mean(cell), now.mean(cell));
        before.iter().zip(now).any(|(a, b)| (a - b).abs() > COLOUR)
    }

    fn mean(&self, (column, row): (usize, usize)) -> [f64; 3] {
        let mut sum = [0_u32; 3];
        for y in row * CELL..(row + 1) * CELL {
            for pixel in &self.pixels[y * self.width + column * CELL..][..CELL] {
                sum.iter_mut().zip(pixel).for_each(|(sum, byte)| *sum += u32::from(*byte));
            }
        }
        sum.map(|sum| f64::from(sum) / (CELL * CELL) as f64)
    }

    fn mark(&mut self, (column, row): (usize, usize)) {
        for y in row * CELL..(row + 1) * CELL {
            for pixel in &mut self.pixels[y * self.width + column * CELL..][..CELL] {
                *pixel = [255, pixel[1] / 2, pixel[2] / 2];
            }
        }
    }
}

impl Area {
    fn touches(self, (column, row): (usize, usize)) -> bool {
        let (left, top) = ((column * CELL) as f64, (row * CELL) as f64);
        let side = CELL as f64;
        self.left < left + side && left < self.right && self.top < top + side && top < self.bottom
    }
}

/// Keeps a picture as build output.
pub(crate) fn save(name: &str, png: &[u8]) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let target =
        test.ancestors().find(|place| place.ends_with("deps")).and_then(|deps| deps.parent()?.parent());
    let directory = target.map_or_else(|| root().join("target"), Path::to_path_buf).join("pictures");
    std::fs::create_dir_all(&directory).unwrap();
    let file = directory.join(format!("{name}.png"));
    std::fs::write(&file, png).unwrap();
    file
}

pub(crate) fn decode_base64(text: &str) -> Vec<u8> {
    base64::engine::general_purpose::STANDARD.decode(text).unwrap()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A white page with a dark button at this place.
    fn page(left: usize, top: usize) -> Picture {
        let (width, height) = (320, 640);
        let dark = |x: usize, y: usize| (left..left + 120).contains(&x) && (top..top + 48).contains(&y);
        let pixel = |at: usize| if dark(at % width, at / width) { [20, 40, 90] } else { [255; 3] };
        Picture { width, height, pixels: (0..width * height).map(pixel).collect() }
    }

    #[test]
    fn the_same_page_is_alike_and_so_is_one_that_is_drawn_a_little_otherwise() {
        assert!(page(32, 64).difference(&page(32, 64), &[]).is_none());
        assert!(page(32, 64).difference(&page(33, 65), &[]).is_none());
    }

    #[test]
    fn what_has_moved_is_seen_and_marked() {
        let difference = page(32, 64).difference(&page(32, 264), &[]).unwrap();
        assert!(difference.what.ends_with("of 800 cells"), "{}", difference.what);
        assert_eq!(difference.picture.pixels[64 * 320 + 48][0], 255);
        assert_ne!(difference.picture.pixels[64 * 320 + 48], [255; 3]);
    }

    #[test]
    fn what_changes_anyway_is_not_compared() {
        let all = Area { left: 0.0, top: 0.0, right: 320.0, bottom: 400.0 };
        assert!(page(32, 64).difference(&page(32, 264), &[all]).is_none());
        let above = Area { bottom: 60.0, ..all };
        assert!(page(32, 64).difference(&page(32, 264), &[above]).is_some());
    }

    #[test]
    fn another_size_is_a_difference() {
        let mut short = page(32, 64);
        short.height = 600;
        short.pixels.truncate(320 * 600);
        let what = page(32, 64).difference(&short, &[]).unwrap().what;
        assert_eq!(what, "320 × 600 pixels, was 320 × 640");
    }

    #[test]
    fn a_picture_is_read_as_it_was_written() {
        let page = page(32, 64);
        assert!(Picture::decode(&page.encode()) == page);
    }
}
