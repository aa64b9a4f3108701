package bench

import (
	"fmt"
	"html"
	"io"
	"math"
	"os"
	"strings"
)

// WriteReport writes a page of HTML on results: each by itself, and against each other where there are several. It needs
// nothing from elsewhere.
func WriteReport(w io.Writer, results ...*Result) error {
	p := &page{results: results}
	p.head()
	if len(results) > 1 {
		p.comparison()
	}
	for i, r := range results {
		p.result(i, r)
	}
	p.add("</main></body></html>\n")
	_, err := io.WriteString(w, p.text.String())
	return err
}

// SaveReport writes the page to a file.
func SaveReport(path string, results ...*Result) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	err = WriteReport(f, results...)
	if closed := f.Close(); err == nil {
		err = closed
	}
	return err
}

type page struct {
	text    strings.Builder
	results []*Result
}

func (p *page) add(format string, args ...any) {
	for i, a := range args {
		if s, ok := a.(string); ok {
			args[i] = html.EscapeString(s)
		}
	}
	fmt.Fprintf(&p.text, format, args...)
}

// plot adds a plot, as large as its place.
func (p *page) plot(x Plot) {
	p.text.WriteString(`<figure>` + x.SVG() + `</figure>`)
}

const pageStyle = `
:root{--ink:#0f172a;--soft:#64748b;--back:#f1f5f9;--card:#ffffff;--edge:#e2e8f0;--good:#0f9d76;--bad:#d6336c}
@media(prefers-color-scheme:dark){:root{--ink:#f1f5f9;--soft:#94a3b8;--back:#020617;--card:#0f172a;--edge:#1e293b;--good:#38d9a9;--bad:#f783ac}}
*{box-sizing:border-box}
body{margin:0;background:var(--back);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,Helvetica,Arial,sans-serif}
main{max-width:1360px;margin:0 auto;padding:28px 24px 64px}
h1{font-size:26px;margin:0 0 2px}h2{font-size:20px;margin:44px 0 2px}h3{font-size:15px;margin:0 0 10px}
p{margin:2px 0 0;color:var(--soft)}code{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(180px,1fr));gap:14px;margin:18px 0 14px}
.card,figure,.panel{background:var(--card);border:1px solid var(--edge);border-radius:10px}
.card{padding:14px 18px}.card b{display:block;font-size:27px;font-weight:650;letter-spacing:-.02em;line-height:1.25}
.card span{color:var(--soft);font-size:13px}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(560px,100%),1fr));gap:14px}
figure{margin:0;padding:6px}figure svg{width:100%;height:auto;display:block}
.panel{padding:16px 18px;margin-top:14px;overflow-x:auto}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th{font-weight:500;color:var(--soft);font-size:13px}th,td{padding:5px 12px 5px 0;text-align:right;border-bottom:1px solid var(--edge);white-space:nowrap}
th:first-child,td:first-child{text-align:left}td.about{text-align:left;color:var(--soft);white-space:normal}tr:last-child td{border-bottom:0}
.bar{display:flex;height:26px;border-radius:6px;overflow:hidden;margin:4px 0 12px}.bar i{display:block;height:100%}
.key{display:inline-block;width:11px;height:11px;border-radius:3px;margin-right:8px}
.up{color:var(--good)}.down{color:var(--bad)}
.k0{background:#2563eb}.k1{background:#e8590c}.k2{background:#0f9d76}.k3{background:#9333ea}.k4{background:#d6336c}.k5{background:#0891b2}
.k6{background:#ca8a04}.k7{background:#4f46e5}.k8{background:#65a30d}.k9{background:#be185d}.k10{background:#64748b}.k11{background:#94a3b8}.k12{background:#cbd5e1}
`

func (p *page) head() {
	title := p.results[0].Label
	if n := len(p.results); n > 1 {
		title = fmt.Sprintf("%d results compared", n)
	}
	p.add(`<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>%s</title><style>`, title)
	p.text.WriteString(pageStyle + plotStyle())
	p.add(`</style></head><body><main>`)
	if len(p.results) > 1 {
		p.add(`<h1>%s</h1>`, title)
	}
}

// comparison sets the results against the first.
func (p *page) comparison() {
	first := p.results[0]
	p.add(`<p>Ratios are to the first, %s. Figures are medians of the runs; the curves are of the runs of median throughput.</p>`, first.Label)
	if note := Unlike(p.results...); note != "" {
		p.add(`<p>Mind: %s.</p>`, note)
	}
	p.add(`<div class="panel"><table><tr><th></th>`)
	for _, c := range columns {
		p.add(`<th>%s</th><th></th>`, c.name)
	}
	p.add(`</tr>`)
	for i, r := range p.results {
		p.text.WriteString(fmt.Sprintf(`<tr><td><span class="key k%d"></span>`, i%6))
		p.add(`%s</td>`, r.Label)
		for _, c := range columns {
			v, base := r.Of(c.figure).Median, first.Of(c.figure).Median
			p.add(`<td>%s</td>`, c.show(v))
			if i == 0 || base == 0 || v == 0 {
				p.add(`<td></td>`)
				continue
			}
			class := ""
			switch x := v / base; {
			case x > 1.05 == c.more && math.Abs(x-1) > 0.05:
				class = "up"
			case math.Abs(x-1) > 0.05:
				class = "down"
			}
			p.add(`<td class="%s">× %s</td>`, class, fmt.Sprintf("%.2f", v/base))
		}
		p.add(`</tr>`)
	}
	p.add(`</table></div><div class="plots" style="margin-top:14px">`)
	var over, curves []Line
	for i, r := range p.results {
		m := r.Typical()
		over = append(over, throughputLine(m, r.Label, i+1))
		curves = append(curves, curveLine(m.Latency, r.Label, i+1))
	}
	p.plot(throughputPlot(over))
	p.plot(curvePlot(curves))
	p.add(`</div>`)
}

// column is a figure of a comparison.
type column struct {
	name   string
	figure func(*Run) float64
	show   func(float64) string
	more   bool // is better
}

var columns = []column{
	{"per second", func(m *Run) float64 { return m.PerSecond }, number, true},
	{"p50", func(m *Run) float64 { return m.Latency.P50 }, span, false},
	{"p99", func(m *Run) float64 { return m.Latency.P99 }, span, false},
	{"CPU per operation", func(m *Run) float64 { return m.perOp() / 1e3 }, span, false},
	{"failed", func(m *Run) float64 { return float64(m.Failed) }, func(x float64) string { return fmt.Sprintf("%.0f", x) }, false},
}

func throughputLine(m *Run, name string, colour int) Line {
	l := Line{Name: name, Colour: colour}
	for _, x := range m.Series {
		l.X, l.Y = append(l.X, x.At), append(l.Y, x.PerSecond)
	}
	return l
}

func throughputPlot(lines []Line) Plot {
	return Plot{Title: "Throughput over time", X: Axis{Label: "seconds", Tight: true}, Y: Axis{Label: "operations per second"}, Lines: lines}
}

// nines is where a percentile is drawn: as 100/(100−q), on a logarithmic axis, so that each nine more takes the same room.
func nines(q float64) float64 { return 100 / (100 - q) }

func curveLine(l Latency, name string, colour int) Line {
	x := Line{Name: name, Colour: colour}
	for _, c := range l.Curve {
		if c[0] < 100 {
			x.X, x.Y = append(x.X, nines(c[0])), append(x.Y, c[1])
		}
	}
	return x
}

func curvePlot(lines []Line) Plot {
	most := 100.0
	for _, l := range lines {
		for _, v := range l.X {
			most = math.Max(most, v)
		}
	}
	ticks := []float64{1}
	for _, q := range []float64{50, 75, 90, 99, 99.9, 99.99, 99.999} {
		if nines(q) <= most*1.001 {
			ticks = append(ticks, nines(q))
		}
	}
	show := func(v float64) string { return tidy3(100-100/v) + " %" }
	return Plot{Title: "Latency by percentile", X: Axis{Label: "percentile", Log: true, Min: 1, Max: most, Ticks: ticks, Show: show},
		Y: Axis{Label: "latency", Log: true, Show: tidySpan}, Lines: lines}
}

func tidy3(v float64) string {
	return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.3f", v), "0"), ".")
}

// result is one result in full.
func (p *page) result(i int, r *Result) {
	level := "h1"
	if len(p.results) > 1 {
		level = "h2"
	}
	p.text.WriteString("<" + level + ">")
	p.add(`%s`, r.Label)
	p.text.WriteString("</" + level + ">")
	p.add(`<p>%s · %s</p>`, r.conditions(), r.Network)
	p.add(`<p>%s · %s · %s · %d CPUs`, r.Time.Format("2006-01-02 15:04 UTC"), r.Machine.System, r.Machine.Go, r.Machine.CPUs)
	if r.Machine.Revision != "" {
		p.add(` · revision <code>%s</code>`, r.Machine.Revision)
	}
	p.add(`</p>`)
	if r.Command != "" {
		p.add(`<p><code>%s</code></p>`, r.Command)
	}
	m := r.Typical()
	p.add(`<div class="cards">`)
	card := func(value, what string) { p.add(`<div class="card"><b>%s</b><span>%s</span></div>`, value, what) }
	spread := func(figure func(*Run) float64, show func(float64) string) string {
		if s := r.Of(figure); len(r.Runs) > 1 {
			return ", " + show(s.Least) + " to " + show(s.Most)
		}
		return ""
	}
	for _, c := range columns[:4] {
		s := r.Of(c.figure)
		if s.Median == 0 {
			continue
		}
		name := map[string]string{"per second": "operations per second", "p50": "median latency", "p99": "99th percentile", "CPU per operation": "CPU per operation"}[c.name]
		card(c.show(s.Median), name+spread(c.figure, c.show))
	}
	if m.BytesPerSecond > 1<<20 {
		card(bytesText(m.BytesPerSecond)+"/s", "of content")
	}
	if m.Memory > 0 {
		card(bytesText(float64(m.Memory)), "memory at most, all processes")
	}
	if m.Failed > 0 {
		card(number(float64(m.Failed)), "failed")
	}
	p.add(`</div>`)
	if m.Cut {
		p.add(`<p>Ended after %s, before its time.</p>`, span(m.Seconds*1e3))
	}
	p.add(`<div class="plots">`)
	var lines []Line
	for k := range r.Runs {
		name := ""
		if len(r.Runs) > 1 && len(r.Runs) <= 6 {
			name = fmt.Sprint("run ", k+1)
		}
		lines = append(lines, throughputLine(&r.Runs[k], name, 0))
	}
	p.plot(throughputPlot(lines))
	p.plot(latencyPlot(m))
	lines = nil
	if len(m.Kinds) > 1 {
		for k, kind := range m.Kinds {
			lines = append(lines, curveLine(kind.Latency, kind.Name, k+1))
		}
	} else {
		for k := range r.Runs {
			lines = append(lines, curveLine(r.Runs[k].Latency, "", 0))
		}
	}
	p.plot(curvePlot(lines))
	p.parts(m)
	p.add(`</div>`)
	p.counts(m)
	p.runs(r)
}

func latencyPlot(m *Run) Plot {
	median, high := Line{Name: "median", Colour: 1}, Line{Name: "99th percentile", Colour: 2}
	for _, x := range m.Series {
		if x.Median == 0 { // nothing ended then
			continue
		}
		median.X, median.Y = append(median.X, x.At), append(median.Y, x.Median)
		high.X, high.Y = append(high.X, x.At), append(high.Y, x.High)
	}
	return Plot{Title: "Latency over time", X: Axis{Label: "seconds", Tight: true}, Y: Axis{Label: "latency", Show: tidySpan}, Lines: []Line{median, high}}
}

// parts is where CPU time goes.
func (p *page) parts(m *Run) {
	if m.Usage == nil || len(m.Usage.Parts) == 0 {
		return
	}
	p.add(`<div class="panel" style="margin-top:0"><h3>CPU time of an operation: %s</h3><div class="bar">`, m.cpu())
	for i, x := range m.Usage.Parts {
		p.text.WriteString(fmt.Sprintf(`<i class="k%d" style="width:%.2f%%" title="%s"></i>`, i%13, x.Share*100, html.EscapeString(x.Name)))
	}
	p.add(`</div><table>`)
	for i, x := range m.Usage.Parts {
		if x.Share < 0.002 {
			continue
		}
		p.text.WriteString(fmt.Sprintf(`<tr><td><span class="key k%d"></span>`, i%13))
		p.add(`%s</td><td>%s</td><td>%s %%</td><td class="about">%s</td></tr>`, x.Name, span(x.PerOp/1e3), fmt.Sprintf("%.1f", x.Share*100), Covers(x.Name))
	}
	p.add(`</table></div>`)
}

// counts is what the vaults counted.
func (p *page) counts(m *Run) {
	var b strings.Builder
	m.writeCounts(&b)
	refusals(&b, "failed, by kind", m.Refusals)
	if m.Network != nil {
		refusals(&b, "refused by vaults, what was tried again included", m.Network.Refusals)
	}
	if b.Len() > 0 {
		p.add(`<div class="panel"><h3>Counted</h3><pre style="margin:0;font:13px/1.55 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace">%s</pre></div>`, strings.Trim(b.String(), "\n"))
	}
}

// runs is a table of the runs.
func (p *page) runs(r *Result) {
	if len(r.Runs) < 2 {
		return
	}
	p.add(`<div class="panel"><h3>Runs</h3><table><tr><th>run</th><th>per second</th><th>p50</th><th>p90</th><th>p99</th><th>p99.9</th><th>max</th><th>CPU per operation</th><th>failed</th></tr>`)
	for i := range r.Runs {
		m := &r.Runs[i]
		l := m.Latency
		p.add(`<tr><td>%d</td><td>%s</td><td>%s</td><td>%s</td><td>%s</td><td>%s</td><td>%s</td><td>%s</td><td>%d</td></tr>`, i+1, number(m.PerSecond),
			span(l.P50), span(l.P90), span(l.P99), span(l.P999), span(l.Max), m.cpu(), m.Failed)
	}
	p.add(`</table></div>`)
}
