//! A QR code in the terminal: two modules a character, one above the other.

use qrcode::{Color, EcLevel, QrCode};

use crate::output::Style;

/// Light modules around the code that readers need (ISO/IEC 18004 asks for four).
const QUIET: i32 = 4;

/// The code as lines of text; nothing if the text is too long for one. With colours it is black on white
/// whatever the terminal's are; without, light modules are drawn, which is right on a dark background and
/// what most readers take on a light one.
pub fn lines(text: &str, style: Style) -> Option<Vec<String>> {
    let code = QrCode::with_error_correction_level(text.as_bytes(), EcLevel::L).ok()?;
    let width = i32::try_from(code.width()).ok()?;
    let is_dark = |x: i32, y: i32| {
        let inside = (0..width).contains(&x) && (0..width).contains(&y);
        // Both are within the code, so neither is negative.
        inside && code[(x.unsigned_abs() as usize, y.unsigned_abs() as usize)] == Color::Dark
    };
    let rows = (-QUIET..width + QUIET).step_by(2).map(|y| {
        let modules = (-QUIET..width + QUIET).map(|x| match (is_dark(x, y), is_dark(x, y + 1)) {
            (true, true) => ' ',
            (true, false) => '▄',
            (false, true) => '▀',
            (false, false) => '█',
        });
        let row: String = modules.collect();
        if style.has_colors() { format!("\u{1b}[97;40m{row}\u{1b}[0m") } else { row }
    });
    Some(rows.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_blocks_are_the_modules() {
        let text = "otpauth://totp/Example:alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Example";
        let code = QrCode::with_error_correction_level(text, EcLevel::L).unwrap();
        let lines = lines(text, Style::PLAIN).unwrap();
        let quiet = QUIET as usize;
        for y in 0..code.width() {
            let row: Vec<char> = lines[(y + quiet) / 2].chars().collect();
            for x in 0..code.width() {
                let is_upper = (y + quiet).is_multiple_of(2);
                let drawn = match row[x + quiet] {
                    ' ' => true,
                    '▄' => is_upper,
                    '▀' => !is_upper,
                    _ => false,
                };
                assert_eq!(drawn, code[(x, y)] == Color::Dark, "module {x}, {y}");
            }
        }
        assert!(lines[0].chars().all(|c| c == '█') && lines.iter().all(|line| line.starts_with("████")));
    }

    #[test]
    fn too_much_text_is_no_code() {
        assert!(lines(&"x".repeat(5000), Style::PLAIN).is_none());
    }
}
