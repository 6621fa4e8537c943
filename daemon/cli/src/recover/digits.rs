//! Six digits, large enough to read while holding a phone.

/// Rows of each digit, three wide and five high; a bit is a block.
const SHAPES: [[u8; 5]; 10] = [
    [0b111, 0b101, 0b101, 0b101, 0b111],
    [0b010, 0b110, 0b010, 0b010, 0b111],
    [0b111, 0b001, 0b111, 0b100, 0b111],
    [0b111, 0b001, 0b111, 0b001, 0b111],
    [0b101, 0b101, 0b111, 0b001, 0b001],
    [0b111, 0b100, 0b111, 0b001, 0b111],
    [0b111, 0b100, 0b111, 0b101, 0b111],
    [0b111, 0b001, 0b010, 0b010, 0b010],
    [0b111, 0b101, 0b111, 0b101, 0b111],
    [0b111, 0b101, 0b111, 0b001, 0b111],
];

/// The digits as five lines of blocks and one of plain text, for those who listen to their screen.
pub fn large(code: &str) -> Vec<String> {
    let shapes = code.chars().filter_map(|c| c.to_digit(10)).filter_map(|digit| SHAPES.get(digit as usize));
    let mut lines = vec![String::from("   "); 5];
    for (at, shape) in shapes.enumerate() {
        for (line, row) in lines.iter_mut().zip(shape) {
            // A gap in the middle, as people read numbers.
            *line += if at > 0 && at * 2 == code.len() { "     " } else { " " };
            for bit in [0b100, 0b010, 0b001] {
                *line += if row & bit == 0 { "  " } else { "██" };
            }
            line.push(' ');
        }
    }
    lines.iter_mut().for_each(|line| line.truncate(line.trim_end().len()));
    let (first, second) = code.split_at_checked(code.len() / 2).unwrap_or((code, ""));
    lines.extend([String::new(), format!("    Your six digits: {first} {second}")]);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_drawn_and_written() {
        let lines = large("123456");
        assert_eq!(lines.len(), 7);
        assert_eq!(lines[6], "    Your six digits: 123 456");
        assert_eq!(lines[0], "      ██    ██████  ██████      ██  ██  ██████  ██████");
        assert!(lines[..5].iter().all(|line| line.contains('█')));
    }

    #[test]
    fn every_digit_looks_different() {
        let drawn: std::collections::BTreeSet<_> =
            ('0'..='9').map(|digit| large(&digit.to_string())[..5].to_vec()).collect();
        assert_eq!(drawn.len(), 10);
    }
}
