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
    let digits: Vec<usize> =
        code.chars().filter_map(|c| c.to_digit(10)).map(|digit| digit as usize).collect();
    let mut lines = vec![String::new()];
    for row in 0..5 {
        let mut line = String::from("   ");
        for (at, &digit) in digits.iter().enumerate() {
            // A gap in the middle, as people read numbers.
            line += if at > 0 && at * 2 == digits.len() { "     " } else { " " };
            for bit in [0b100, 0b010, 0b001] {
                line += if SHAPES[digit][row] & bit == 0 { "  " } else { "██" };
            }
            line.push(' ');
        }
        lines.push(line.trim_end().to_owned());
    }
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
        assert_eq!(lines.len(), 8);
        assert_eq!(lines[7], "    Your six digits: 123 456");
        assert_eq!(lines[1], "      ██    ██████  ██████      ██  ██  ██████  ██████");
        assert!(lines[1..6].iter().all(|line| line.contains('█')));
    }

    #[test]
    fn every_digit_looks_different() {
        let drawn: std::collections::BTreeSet<_> =
            ('0'..='9').map(|digit| large(&digit.to_string())[1..6].to_vec()).collect();
        assert_eq!(drawn.len(), 10);
    }
}
