//! The pictures.

use std::error::Error;
use std::path::Path;

use plotters::prelude::*;

const COLOURS: [RGBColor; 8] = [
    RGBColor(31, 119, 180),
    RGBColor(214, 39, 40),
    RGBColor(44, 160, 44),
    RGBColor(148, 103, 189),
    RGBColor(255, 127, 14),
    RGBColor(140, 86, 75),
    RGBColor(23, 190, 207),
    RGBColor(127, 127, 127),
];

/// One horizontal bar for each, on a logarithmic scale, the cheapest on top.
///
/// # Errors
/// What the file system says.
pub fn bars(path: &Path, unit: &str, bars: &[(&str, f64)]) -> Result<(), Box<dyn Error>> {
    let bars: Vec<_> = bars.iter().filter(|(_, cost)| *cost > 0.0).collect();
    let Some((least, most)) = bars.first().zip(bars.last()).map(|(first, last)| (first.1, last.1)) else {
        return Ok(());
    };
    let height = 60 + 26 * u32::try_from(bars.len())?;
    let root = SVGBackend::new(path, (760, height)).into_drawing_area();
    root.fill(&WHITE)?;
    let count = bars.len() as f64;
    let mut chart = ChartBuilder::on(&root)
        .margin(8)
        .margin_right(90)
        .x_label_area_size(36)
        .y_label_area_size(160)
        .build_cartesian_2d((least / 2.0..most * 1.3).log_scale(), 0.0..count)?;
    chart
        .configure_mesh()
        .disable_y_mesh()
        .disable_y_axis()
        .x_desc(unit)
        .x_label_formatter(&|cost| crate::report::number(*cost))
        .draw()?;
    for (row, (name, cost)) in bars.iter().enumerate() {
        let (top, bottom) = (count - row as f64 - 0.15, count - row as f64 - 0.85);
        let colour = colour(name);
        chart.draw_series([Rectangle::new([(least / 2.0, bottom), (*cost, top)], colour.filled())])?;
        let middle = chart.backend_coord(&(least / 2.0, (top + bottom) / 2.0));
        let end = chart.backend_coord(&(*cost, (top + bottom) / 2.0));
        let style = ("sans-serif", 14).into_font().color(&BLACK);
        root.draw(&Text::new((*name).to_owned(), (10, middle.1 - 7), style.clone()))?;
        root.draw(&Text::new(crate::report::number(*cost), (end.0 + 5, end.1 - 7), style))?;
    }
    root.present()?;
    Ok(())
}

/// The cost of one operation by size, both logarithmic.
///
/// # Errors
/// What the file system says.
pub fn growth(path: &Path, unit: &str, lines: &[(&str, Vec<(f64, f64)>)]) -> Result<(), Box<dyn Error>> {
    let points = || lines.iter().flat_map(|line| &line.1).filter(|point| point.1 > 0.0);
    let edge = |take: fn(f64, f64) -> f64, of: fn(&(f64, f64)) -> f64| points().map(of).reduce(take);
    let (Some(left), Some(right), Some(least), Some(most)) = (
        edge(f64::min, |point| point.0),
        edge(f64::max, |point| point.0),
        edge(f64::min, |point| point.1),
        edge(f64::max, |point| point.1),
    ) else {
        return Ok(());
    };
    let root = SVGBackend::new(path, (760, 420)).into_drawing_area();
    root.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&root)
        .margin(10)
        .margin_right(190)
        .x_label_area_size(36)
        .y_label_area_size(80)
        .build_cartesian_2d((left..right).log_scale(), (least / 1.5..most * 1.5).log_scale())?;
    chart
        .configure_mesh()
        .x_desc("size")
        .y_desc(unit)
        .x_label_formatter(&|size| crate::report::number(*size))
        .y_label_formatter(&|cost| crate::report::number(*cost))
        .draw()?;
    for (row, (name, points)) in lines.iter().enumerate() {
        let colour = colour(name);
        let points: Vec<_> = points.iter().copied().filter(|point| point.1 > 0.0).collect();
        chart.draw_series(LineSeries::new(points.iter().copied(), colour.stroke_width(2)))?;
        chart.draw_series(points.iter().map(|&point| Circle::new(point, 3, colour.filled())))?;
        let at = (580, 20 + 20 * i32::try_from(row)?);
        root.draw(&Circle::new((at.0, at.1 + 6), 4, colour.filled()))?;
        root.draw(&Text::new((*name).to_owned(), (at.0 + 10, at.1), ("sans-serif", 14).into_font().color(&BLACK)))?;
    }
    root.present()?;
    Ok(())
}

/// Always the same for the same subject: dark for the limits, blue and red first.
fn colour(name: &str) -> RGBColor {
    let subjects = crate::subjects::SUBJECTS;
    let at = subjects.iter().position(|subject| subject.name == name).unwrap_or_default();
    COLOURS[at % COLOURS.len()]
}
