package bench

import (
	"fmt"
	"html"
	"math"
	"strings"
)

// Plot is lines over two axes, drawn as SVG without anything from elsewhere. Its colours follow the reader's preference
// for light or dark.
type Plot struct {
	Title string
	About string // below the title, smaller
	X, Y  Axis
	Lines []Line

	Width, Height float64 // 0: 640 × 340
}

// Axis is one axis. Where Min is not below Max they follow from the lines.
type Axis struct {
	Label    string
	Log      bool
	Tight    bool // it ends where the lines do
	Min, Max float64
	Show     func(float64) string // of a tick; nil: a number
	Ticks    []float64            // nil: round numbers
}

// Line is a line through points, in order.
type Line struct {
	Name      string
	X, Y      []float64
	Low, High []float64 // of each point, drawn as a band around the line; nil: none
	Dashed    bool
	Dots      bool
	Colour    int // of the palette; 0: by its place among the lines
}

// palette is the colours of lines, for light and for dark.
var palette = [][2]string{
	{"#2563eb", "#60a5fa"}, {"#e8590c", "#ff922b"}, {"#0f9d76", "#38d9a9"}, {"#9333ea", "#c084fc"}, {"#d6336c", "#f783ac"}, {"#64748b", "#94a3b8"},
}

// plotStyle is the style of plots: as part of an SVG file, or of a page.
func plotStyle() string {
	var light, dark strings.Builder
	for i, c := range palette {
		fmt.Fprintf(&light, ".c%d{stroke:%s;color:%s}.f%d{fill:%s}", i, c[0], c[0], i, c[0])
		fmt.Fprintf(&dark, ".c%d{stroke:%s;color:%s}.f%d{fill:%s}", i, c[1], c[1], i, c[1])
	}
	return `.plot{font:12px system-ui,-apple-system,"Segoe UI",Roboto,Helvetica,Arial,sans-serif}` +
		`.plot text{fill:#475569}.plot .title{font-size:15px;font-weight:600;fill:#0f172a}.plot .about{fill:#64748b}` +
		`.plot .grid{stroke:#e2e8f0;stroke-width:1}.plot .axis{stroke:#94a3b8;stroke-width:1}` +
		`.plot .line{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}.plot .band{opacity:.14;stroke:none}.plot .dot{stroke:none}` +
		`.plot .back{fill:#ffffff}` + light.String() +
		`@media(prefers-color-scheme:dark){.plot text{fill:#94a3b8}.plot .title{fill:#f1f5f9}.plot .about{fill:#94a3b8}` +
		`.plot .grid{stroke:#273449}.plot .axis{stroke:#475569}.plot .back{fill:#0f172a}` + dark.String() + `}`
}

// File is the plot as an SVG file of its own.
func (p Plot) File() string {
	return strings.Replace(p.SVG(), ">", "><style>"+plotStyle()+"</style>", 1) + "\n"
}

// Beside is plots side by side, as one SVG file.
func Beside(plots ...Plot) string {
	const gap = 10.0
	w, h := -gap, 0.0
	var inner strings.Builder
	for _, p := range plots {
		width, height := p.size()
		inner.WriteString(strings.Replace(p.SVG(), "<svg ", fmt.Sprintf(`<svg x="%g" `, w+gap), 1))
		w, h = w+gap+width, math.Max(h, height)
	}
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %g %g" width="%g" height="%g"><style>%s</style>%s</svg>`+"\n", w, h, w, h, plotStyle(), inner.String())
}

func (p *Plot) size() (w, h float64) {
	w, h = p.Width, p.Height
	if w == 0 {
		w = 640
	}
	if h == 0 {
		h = 340
	}
	return w, h
}

// Margins of the field within a plot.
const (
	plotLeft, plotRight, plotBottom = 78.0, 24.0, 48.0
)

// SVG is the plot as an element of a page that has the style of plots.
func (p Plot) SVG() string {
	w, h := p.size()
	top := 20.0
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" class="plot" viewBox="0 0 %g %g" width="%g" height="%g" role="img" aria-label="%s">`,
		w, h, w, h, html.EscapeString(p.Title))
	fmt.Fprintf(&b, `<rect class="back" width="%g" height="%g" rx="8"/>`, w, h)
	if p.Title != "" {
		top += 10
		fmt.Fprintf(&b, `<text class="title" x="16" y="%g">%s</text>`, top-4, html.EscapeString(p.Title))
		top += 6
	}
	if p.About != "" {
		fmt.Fprintf(&b, `<text class="about" x="16" y="%g">%s</text>`, top+10, html.EscapeString(p.About))
		top += 16
	}
	top = p.legend(&b, w, top)
	top += 10
	x := newScale(p.X, p.Lines, func(l *Line) [][]float64 { return [][]float64{l.X} }, plotLeft, w-plotRight)
	y := newScale(p.Y, p.Lines, func(l *Line) [][]float64 { return [][]float64{l.Y, l.Low, l.High} }, h-plotBottom, top)
	for _, t := range y.ticks {
		at := y.at(t)
		fmt.Fprintf(&b, `<line class="grid" x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f"/>`, plotLeft, at, w-plotRight, at)
		fmt.Fprintf(&b, `<text x="%.1f" y="%.1f" text-anchor="end">%s</text>`, plotLeft-8, at+4, html.EscapeString(y.show(t)))
	}
	for _, t := range x.ticks {
		fmt.Fprintf(&b, `<line class="axis" x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f"/>`, x.at(t), h-plotBottom, x.at(t), h-plotBottom+4)
		fmt.Fprintf(&b, `<text x="%.1f" y="%.1f" text-anchor="middle">%s</text>`, x.at(t), h-plotBottom+17, html.EscapeString(x.show(t)))
	}
	fmt.Fprintf(&b, `<line class="axis" x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f"/>`, plotLeft, h-plotBottom, w-plotRight, h-plotBottom)
	fmt.Fprintf(&b, `<text x="%.1f" y="%.1f" text-anchor="middle" class="about">%s</text>`, (plotLeft+w-plotRight)/2, h-10, html.EscapeString(p.X.Label))
	fmt.Fprintf(&b, `<text transform="translate(20 %.1f) rotate(-90)" text-anchor="middle" class="about">%s</text>`, (top+h-plotBottom)/2, html.EscapeString(p.Y.Label))
	for i := range p.Lines {
		p.Lines[i].draw(&b, i, x, y)
	}
	b.WriteString(`</svg>`)
	return b.String()
}

func (l *Line) colour(place int) int {
	if l.Colour > 0 {
		return (l.Colour - 1) % len(palette)
	}
	return place % len(palette)
}

// legend names the lines, in as many rows as it takes. It returns where it ends.
func (p *Plot) legend(b *strings.Builder, w, top float64) float64 {
	named := 0
	for i := range p.Lines {
		if p.Lines[i].Name != "" {
			named++
		}
	}
	if named == 0 {
		return top
	}
	const row = 18
	at := 16.0
	top += 6
	for i := range p.Lines {
		l := &p.Lines[i]
		if l.Name == "" {
			continue
		}
		wide := 34 + 6.6*float64(len([]rune(l.Name)))
		if at+wide > w-8 && at > 16 {
			at, top = 16, top+row
		}
		dash := ""
		if l.Dashed {
			dash = ` stroke-dasharray="4 4"`
		}
		fmt.Fprintf(b, `<line class="line c%d" x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f"%s/>`, l.colour(i), at, top+8, at+16, top+8, dash)
		fmt.Fprintf(b, `<text x="%.1f" y="%.1f">%s</text>`, at+22, top+12, html.EscapeString(l.Name))
		at += wide
	}
	return top + row - 4
}

func (l *Line) draw(b *strings.Builder, place int, x, y *scale) {
	c := l.colour(place)
	if len(l.Low) == len(l.X) && len(l.High) == len(l.X) && len(l.X) > 1 {
		var path strings.Builder
		for i := range l.X {
			fmt.Fprintf(&path, "%s%.1f %.1f", letter(i), x.at(l.X[i]), y.at(l.High[i]))
		}
		for i := len(l.X) - 1; i >= 0; i-- {
			fmt.Fprintf(&path, "L%.1f %.1f", x.at(l.X[i]), y.at(l.Low[i]))
		}
		fmt.Fprintf(b, `<path class="band f%d" d="%sZ"/>`, c, path.String())
	}
	dash := ""
	if l.Dashed {
		dash = ` stroke-dasharray="4 4"`
	}
	var path strings.Builder
	n := 0
	for i := range l.X {
		if math.IsNaN(l.Y[i]) || y.axis.Log && l.Y[i] <= 0 {
			continue
		}
		fmt.Fprintf(&path, "%s%.1f %.1f", letter(n), x.at(l.X[i]), y.at(l.Y[i]))
		n++
	}
	fmt.Fprintf(b, `<path class="line c%d"%s d="%s"/>`, c, dash, path.String())
	for i := range l.X {
		if l.Dots || n == 1 {
			fmt.Fprintf(b, `<circle class="dot f%d" cx="%.1f" cy="%.1f" r="3.5"><title>%s: %s</title></circle>`, c, x.at(l.X[i]), y.at(l.Y[i]),
				html.EscapeString(x.show(l.X[i])), html.EscapeString(y.show(l.Y[i])))
		}
	}
}

func letter(i int) string {
	if i == 0 {
		return "M"
	}
	return "L"
}

// scale is where values of an axis are drawn.
type scale struct {
	axis     Axis
	from, to float64 // on paper
	ticks    []float64
}

func newScale(a Axis, lines []Line, of func(*Line) [][]float64, from, to float64) *scale {
	least, most := math.Inf(1), math.Inf(-1)
	for i := range lines {
		for _, list := range of(&lines[i]) {
			for _, v := range list {
				if a.Log && v <= 0 || math.IsNaN(v) {
					continue
				}
				least, most = math.Min(least, v), math.Max(most, v)
			}
		}
	}
	if math.IsInf(least, 0) {
		least, most = 1, 10
	}
	s := &scale{axis: a, from: from, to: to}
	if a.Min < a.Max {
		s.ticks = a.Ticks
		if s.ticks == nil {
			s.ticks = roundTicks(a.Min, a.Max, a.Log)
		}
		return s
	}
	switch {
	case a.Log && len(a.Ticks) > 0:
		s.axis.Min, s.axis.Max = math.Min(least, a.Ticks[0]), math.Max(most, a.Ticks[len(a.Ticks)-1])
		s.ticks = a.Ticks
	case a.Log:
		s.axis.Min, s.axis.Max = niceLog(least, false), niceLog(most, true)
		if s.axis.Min == s.axis.Max {
			s.axis.Max *= 10
		}
		s.ticks = roundTicks(s.axis.Min, s.axis.Max, true)
	default:
		if least > 0 {
			least = 0 // a length that is read off an axis begins at nothing
		}
		if most <= least {
			most = least + 1
		}
		step := niceStep((most - least) / 5)
		s.axis.Min, s.axis.Max = math.Floor(least/step)*step, math.Ceil(most/step)*step
		if a.Tight {
			s.axis.Max = most
		}
		s.ticks = a.Ticks
		if s.ticks == nil {
			s.ticks = roundTicks(s.axis.Min, s.axis.Max, false)
		}
	}
	return s
}

// niceLog is the next of 1, 2, 5, 10, 20, 50 … below or above.
func niceLog(v float64, up bool) float64 {
	decade := math.Pow(10, math.Floor(math.Log10(v)))
	best := decade
	for _, m := range []float64{1, 2, 5, 10} {
		x := m * decade
		if up && x >= v*(1-1e-9) {
			return x
		}
		if !up && x <= v*(1+1e-9) {
			best = x
		}
	}
	return best
}

func niceStep(v float64) float64 {
	if v <= 0 {
		return 1
	}
	return niceLog(v, true)
}

func roundTicks(least, most float64, log bool) (ticks []float64) {
	if !log {
		step := niceStep((most - least) / 6)
		for i := 0; ; i++ {
			v := math.Ceil(least/step-1e-9)*step + float64(i)*step
			if v > most*(1+1e-9) || i > 20 {
				return ticks
			}
			ticks = append(ticks, v)
		}
	}
	steps := []float64{1, 2, 5}
	if most/least > 300 {
		steps = []float64{1}
	}
	for decade := math.Pow(10, math.Floor(math.Log10(least))); decade <= most; decade *= 10 {
		for _, m := range steps {
			if v := m * decade; v >= least*(1-1e-9) && v <= most*(1+1e-9) {
				ticks = append(ticks, v)
			}
		}
	}
	return ticks
}

func (s *scale) at(v float64) float64 {
	a := s.axis
	if a.Log {
		v = math.Max(v, a.Min)
		return s.from + (s.to-s.from)*(math.Log(v)-math.Log(a.Min))/(math.Log(a.Max)-math.Log(a.Min))
	}
	return s.from + (s.to-s.from)*(v-a.Min)/(a.Max-a.Min)
}

func (s *scale) show(v float64) string {
	if s.axis.Show != nil {
		return s.axis.Show(v)
	}
	return tidy(v)
}

// tidy is a number without zeros that say nothing.
func tidy(v float64) string {
	if math.Abs(v) >= 1000 {
		return number(v)
	}
	return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.2f", v), "0"), ".")
}

// tidySpan is a duration in milliseconds without zeros that say nothing.
func tidySpan(ms float64) string {
	switch {
	case ms == 0:
		return "0"
	case ms < 1:
		return tidy(ms*1e3) + " µs"
	case ms < 1000:
		return tidy(ms) + " ms"
	}
	return tidy(ms/1e3) + " s"
}
