//! A stream from end to end, with no more of it in memory than a line and a piece of the result.

use std::io::{self, BufRead, BufReader, Read};

use super::lines::LineFilter;

/// How much is read and handed on at once, in bytes.
const PIECE: usize = 1 << 18;

/// Reads lines to the end and hands on what may be seen of them, at the latest when there is nothing to be read for
/// the moment. Ends early when `sink` wants no more.
///
/// # Errors
/// When the stream cannot be read.
pub fn filter_stream(
    source: impl Read,
    filter: &mut LineFilter,
    mut sink: impl FnMut(&[u8]) -> bool,
) -> io::Result<()> {
    let mut reader = BufReader::with_capacity(PIECE, source);
    let (mut line, mut out) = (Vec::new(), Vec::with_capacity(PIECE));
    while next_line(&mut reader, &mut line, filter.longest())? {
        take(&mut reader, &line, filter, &mut out)?;
        if out.len() >= PIECE || reader.buffer().is_empty() {
            if !sink(&out) {
                return Ok(());
            }
            out.clear();
        }
    }
    sink(&out);
    Ok(())
}

/// Reads a line with its end, or so much of it that it is too long; `false` at the end of the stream.
fn next_line<R: Read>(reader: &mut BufReader<R>, line: &mut Vec<u8>, longest: usize) -> io::Result<bool> {
    line.clear();
    let most = longest as u64 + 2;
    Ok(reader.take(most).read_until(b'\n', line)? > 0)
}

fn take<R: Read>(
    reader: &mut BufReader<R>,
    line: &[u8],
    filter: &mut LineFilter,
    out: &mut Vec<u8>,
) -> io::Result<()> {
    let (content, end) = match line {
        [content @ .., b'\r', b'\n'] => (content, &b"\r\n"[..]),
        [content @ .., b'\n'] => (content, &b"\n"[..]),
        content => (content, &b""[..]),
    };
    let stays = if end.is_empty() && content.len() > filter.longest() {
        reader.skip_until(b'\n')?;
        let stays = filter.endless_line(content, out);
        out.extend_from_slice(if stays { b"\n" } else { b"" });
        return Ok(());
    } else {
        filter.line(content, out)
    };
    out.extend_from_slice(if stays { end } else { b"" });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::{Action, Class, Limits, LineFilter, LineFormat, Policy, Redactor};
    use super::filter_stream;

    const MARKER: &str = super::super::MARKER;

    fn filtered(format: LineFormat, policy: Policy, text: &[u8]) -> (String, LineFilter) {
        let mut filter = LineFilter::new(Redactor::new(policy).unwrap(), format);
        let mut seen = Vec::new();
        filter_stream(text, &mut filter, |piece| {
            seen.extend_from_slice(piece);
            true
        })
        .unwrap();
        (String::from_utf8_lossy(&seen).into_owned(), filter)
    }

    #[test]
    fn every_line_is_what_it_looks_like_and_keeps_its_end() {
        let text =
            b"plain\r\n{\"pin\":1}\n\n[\"a@example.com\"]\n{\"password\": \"abc\n\xff a@example.com\nlast";
        let (seen, filter) = filtered(LineFormat::Auto, Policy::default(), text);
        let expected = format!(
            "plain\r\n{{\"pin\":\"{MARKER}\"}}\n\n[\"{MARKER}\"]\n{{\"password\": \"{MARKER}\n\u{fffd} {MARKER}\nlast"
        );
        assert_eq!(seen, expected);
        assert_eq!((filter.summary().lines, filter.summary().redacted_lines), (7, 4));
    }

    #[test]
    fn what_is_no_json_is_replaced_where_json_is_demanded() {
        let (seen, filter) = filtered(LineFormat::Json, Policy::default(), b"1\n{\"a\nplain\n");
        assert_eq!(seen, format!("1\n\"{MARKER}\"\n\"{MARKER}\"\n"));
        assert_eq!(filter.summary().counts.of(Class::Unreadable), 2);
        let (seen, _) = filtered(LineFormat::Plain, Policy::default(), b"{\"pin\": 1234}\n");
        assert_eq!(seen, format!("{{\"pin\": {MARKER}}}\n"), "as a text");
    }

    #[test]
    fn a_key_over_several_lines_is_no_way_out() {
        let text = b"a\n-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4\n\nZXhhbXBsZQ==\n-----END RSA PRIVATE KEY-----\nb\n";
        let (seen, _) = filtered(LineFormat::Auto, Policy::default(), text);
        assert_eq!(seen, format!("a\n{MARKER}\n{MARKER}\n\n{MARKER}\n{MARKER}\nb\n"));
        let torn = b"-----BEGIN PRIVATE KEY-----\nZXhhbXBsZQ==\nand a log goes on\nabc\n";
        let (seen, _) = filtered(LineFormat::Auto, Policy::default(), torn);
        assert_eq!(seen, format!("{MARKER}\n{MARKER}\nand a log goes on\nabc\n"));
    }

    #[test]
    fn a_name_at_the_end_of_a_line_speaks_of_the_next_one() {
        for (text, expected) in [
            ("password:\n  hunter22x\nnext\n", "password:\n  [R]\nnext\n"),
            ("\"api_key\":\n\"hunter22x\",\n\"a\"", "\"api_key\":\n[R]\n\"a\""),
            ("password:\n\nnext", "password:\n\nnext"),
            ("password:\n  type: string\nnext", "password:\n  type: string\nnext"),
            ("password:\ntype:\nnext", "password:\ntype:\nnext"),
            ("token:\n4096\nresult:\nnext", "token:\n4096\nresult:\nnext"),
            ("first pass:\nnext", "first pass:\nnext"),
        ] {
            let expected = expected.replace("[R]", MARKER);
            let (seen, _) = filtered(LineFormat::Auto, Policy::default(), text.as_bytes());
            assert_eq!(seen, expected, "{text}");
            let (again, _) = filtered(LineFormat::Auto, Policy::default(), seen.as_bytes());
            assert_eq!(again, expected, "again: {text}");
        }
        let removing = Policy { action: Action::Remove, ..Policy::default() };
        let (seen, _) = filtered(LineFormat::Auto, removing, b"password:\nhunter22x\nnext\n");
        assert_eq!(seen, "password:\n\nnext\n");
    }

    #[test]
    fn a_line_without_end_is_replaced_and_the_next_one_is_not_lost() {
        let limits = Limits { document_bytes: 10, text_bytes: 10, depth: 3 };
        let text = format!("0123456789\n{}\nshort\n{{{}", "a".repeat(100_000), "b".repeat(11));
        let policy = Policy { limits, ..Policy::default() };
        let (seen, filter) = filtered(LineFormat::Auto, policy.clone(), text.as_bytes());
        assert_eq!(seen, format!("0123456789\n{MARKER}\nshort\n\"{MARKER}\"\n"));
        assert_eq!(filter.summary().counts.of(Class::TooLong), 2);
        let removing = Policy { action: Action::Remove, ..policy };
        let (seen, _) = filtered(LineFormat::Auto, removing, text.as_bytes());
        assert_eq!(seen, "0123456789\nshort\n");
    }

    #[test]
    fn only_what_is_on_the_list_passes() {
        let policy = Policy { allow: Some(vec!["a".to_owned()]), ..Policy::default() };
        let (seen, _) = filtered(LineFormat::Auto, policy, b"text\n{\"a\":1,\"b\":2}\n");
        assert_eq!(seen, format!("{MARKER}\n{{\"a\":1,\"b\":\"{MARKER}\"}}\n"));
    }

    #[test]
    fn a_reader_that_wants_no_more_ends_it() {
        let mut filter = LineFilter::new(Redactor::default(), LineFormat::Plain);
        let mut pieces = 0;
        let text = "a line\n".repeat(200_000);
        filter_stream(text.as_bytes(), &mut filter, |_| {
            pieces += 1;
            false
        })
        .unwrap();
        assert_eq!(pieces, 1);
    }
}
