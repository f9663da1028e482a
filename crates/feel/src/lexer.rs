//! Text to tokens. Never fails: what is no token becomes [`TokenKind::Other`] and is the parser's to complain about.

use crate::diagnostic::Span;

/// A token with its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    pub(crate) span: Span,
}

/// Kinds of tokens. Keywords are names; the parser knows where they are more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    Name,
    /// `` `any text` ``
    Quoted,
    Number,
    /// With its quotes.
    String,
    At,
    Question,
    OpenParen,
    CloseParen,
    OpenBracket,
    CloseBracket,
    OpenBrace,
    CloseBrace,
    Comma,
    Colon,
    Dot,
    DotDot,
    Plus,
    Minus,
    Star,
    StarStar,
    Slash,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    NotEqual,
    /// A string or comment without end.
    Unterminated,
    /// A character that starts no token.
    Other,
    End,
}

/// All tokens of the text, `End` last.
pub(crate) fn tokens(text: &str, exponents: bool) -> Vec<Token> {
    let mut lexer = Lexer { text, at: 0, exponents };
    let mut tokens: Vec<Token> = Vec::with_capacity(text.len() / 3 + 2);
    loop {
        let unterminated = lexer.skip_space();
        let start = lexer.at;
        let kind = match unterminated {
            true => {
                lexer.at = text.len();
                TokenKind::Unterminated
            }
            false => lexer.next(tokens.last().map(|token| token.kind)),
        };
        tokens.push(Token { kind, span: Span::new(start, lexer.at) });
        if kind == TokenKind::End {
            return tokens;
        }
    }
}

/// White space of DMN 1.5 clause 10.3.1.2, rule 61 and following.
pub(crate) fn is_space(char: char) -> bool {
    char.is_whitespace() || matches!(char, '\u{180e}' | '\u{200b}' | '\u{feff}')
}

/// Whether a name may start with this character.
fn starts_name(char: char) -> bool {
    char.is_ascii_alphabetic() || matches!(char, '_' | '$') || (!char.is_ascii() && !is_space(char))
}

/// Whether a name may go on with this character.
fn continues_name(char: char) -> bool {
    starts_name(char) || char.is_ascii_digit()
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    exponents: bool,
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn byte(&self, ahead: usize) -> u8 {
        self.text.as_bytes().get(self.at + ahead).copied().unwrap_or(0)
    }

    /// Skips white space and comments; true if a comment has no end.
    fn skip_space(&mut self) -> bool {
        loop {
            match self.byte(0) {
                b' ' | b'\n' | b'\r' | b'\t' => self.at += 1,
                b'/' if self.byte(1) == b'/' => {
                    self.at += self.rest().find('\n').unwrap_or(self.rest().len());
                }
                b'/' if self.byte(1) == b'*' => match self.rest()[2..].find("*/") {
                    Some(end) => self.at += end + 4,
                    None => return true,
                },
                0..=0x20 | 0x80.. => match self.rest().chars().next() {
                    Some(char) if is_space(char) => self.at += char.len_utf8(),
                    _ => return false,
                },
                _ => return false,
            }
        }
    }

    /// Whether nothing separates this place from the token before it: `a.5` is no number after a name, `else .5` is.
    fn adjoins(&self) -> bool {
        !self.text[..self.at].ends_with(|before: char| is_space(before) || before == '/')
    }

    fn next(&mut self, previous: Option<TokenKind>) -> TokenKind {
        use TokenKind::*;
        let (kind, length) = match (self.byte(0), self.byte(1)) {
            (b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'$', _) => (Name, self.name_length()),
            (b'0'..=b'9', _) => (Number, self.number_length()),
            (b'.', b'0'..=b'9') if !(ends_operand(previous) && self.adjoins()) => {
                (Number, self.number_length())
            }
            (b'"', _) => self.string(),
            (b'`', _) => match self.rest()[1..].find('`') {
                Some(end) if end > 0 => (Quoted, end + 2),
                _ => (Unterminated, self.rest().len()),
            },
            (b'.', b'.') => (DotDot, 2),
            (b'*', b'*') => (StarStar, 2),
            (b'<', b'=') => (LessOrEqual, 2),
            (b'>', b'=') => (GreaterOrEqual, 2),
            (b'!', b'=') => (NotEqual, 2),
            (b'.', _) => (Dot, 1),
            (b'*', _) => (Star, 1),
            (b'<', _) => (Less, 1),
            (b'>', _) => (Greater, 1),
            (b'=', _) => (Equal, 1),
            (b'@', _) => (At, 1),
            (b'?', _) => (Question, 1),
            (b'(', _) => (OpenParen, 1),
            (b')', _) => (CloseParen, 1),
            (b'[', _) => (OpenBracket, 1),
            (b']', _) => (CloseBracket, 1),
            (b'{', _) => (OpenBrace, 1),
            (b'}', _) => (CloseBrace, 1),
            (b',', _) => (Comma, 1),
            (b':', _) => (Colon, 1),
            (b'+', _) => (Plus, 1),
            (b'-', _) => (Minus, 1),
            (b'/', _) => (Slash, 1),
            _ => match self.rest().chars().next() {
                None => (End, 0),
                Some(char) if starts_name(char) => (Name, self.name_length()),
                Some(char) => (Other, char.len_utf8()),
            },
        };
        self.at += length;
        kind
    }

    fn name_length(&self) -> usize {
        let bytes = self.rest().as_bytes();
        let ascii = bytes
            .iter()
            .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$'))
            .count();
        if bytes.get(ascii).is_none_or(u8::is_ascii) {
            return ascii;
        }
        self.rest().find(|char| !continues_name(char)).unwrap_or(self.rest().len())
    }

    fn number_length(&self) -> usize {
        let bytes = self.rest().as_bytes();
        let digits = |from: usize| bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let mut length = digits(0);
        if bytes.get(length) == Some(&b'.') && bytes.get(length + 1).is_some_and(u8::is_ascii_digit) {
            length += 1 + digits(length + 1);
        }
        if self.exponents && matches!(bytes.get(length), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(bytes.get(length + 1), Some(b'+' | b'-')));
            if bytes.get(length + 1 + sign).is_some_and(u8::is_ascii_digit) {
                length += 1 + sign + digits(length + 1 + sign);
            }
        }
        length
    }

    fn string(&self) -> (TokenKind, usize) {
        let bytes = self.rest().as_bytes();
        let mut at = 1;
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'"' => return (TokenKind::String, at + 1),
                b'\\' => at += 2,
                _ => at += 1,
            }
        }
        (TokenKind::Unterminated, bytes.len())
    }
}

/// Whether a `.` after such a token is a path and not the start of a number.
fn ends_operand(previous: Option<TokenKind>) -> bool {
    use TokenKind::*;
    matches!(
        previous,
        Some(Name | Quoted | String | Number | CloseParen | CloseBracket | CloseBrace | Question)
    )
}
