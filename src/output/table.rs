//! Tables without frames: one title line, one header, rows that wrap at the width of the terminal.

use comfy_table::{
    Attribute, Cell, CellAlignment, Color, ContentArrangement, Table as ComfyTable, TableStyle,
};

use super::sanitize::sanitize;
use super::ui::Ui;

/// How a cell looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tone {
    /// As it is.
    #[default]
    Plain,
    /// Something is wrong.
    Bad,
    /// Something deserves a look.
    Warning,
    /// Something went well.
    Good,
    /// Of less importance.
    Faint,
}

/// A table of text cells.
pub struct Table {
    inner: ComfyTable,
    columns: usize,
}

impl Table {
    /// A table with these column names; `right` are the columns of numbers.
    #[must_use]
    pub fn new(ui: &Ui, names: &[&str], right: &[usize]) -> Self {
        let mut inner = ComfyTable::new();
        inner.load_style(TableStyle::new());
        inner.set_content_arrangement(ContentArrangement::Dynamic);
        inner.set_width(u16::try_from(ui.width()).unwrap_or(u16::MAX));
        if ui.colors() {
            inner.enforce_styling();
        } else {
            inner.force_no_tty();
        }
        inner.set_header(names.iter().map(|name| Cell::new(name).add_attribute(Attribute::Bold)));
        for at in right {
            if let Some(column) = inner.column_mut(*at) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        Self { inner, columns: names.len() }
    }

    /// Adds a row; cells that are missing are empty.
    pub fn row(&mut self, cells: &[(String, Tone)]) {
        let mut row: Vec<Cell> = cells.iter().map(|(text, tone)| cell(text, *tone)).collect();
        row.resize_with(self.columns, || Cell::new(""));
        self.inner.add_row(row);
    }

    /// The lines, each ended by a newline.
    #[must_use]
    pub fn render(&self) -> String {
        self.inner.lines().map(|line| format!("{}\n", line.trim_end())).collect()
    }
}

/// Whatever a caller puts into a cell, its lines are text: nothing else reaches the terminal.
fn cell(text: &str, tone: Tone) -> Cell {
    let lines: Vec<String> = text.split('\n').map(sanitize).collect();
    let cell = Cell::new(lines.join("\n"));
    match tone {
        Tone::Plain => cell,
        Tone::Bad => cell.fg(Color::Red),
        Tone::Warning => cell.fg(Color::Yellow),
        Tone::Good => cell.fg(Color::Green),
        Tone::Faint => cell.add_attribute(Attribute::Dim),
    }
}
