package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"

	"gen3d/internal/weights/transfer"
)

// progress shows the progress of a push: a bar on a terminal, else lines.
type progress interface {
	transfer.Reporter
	// Line prints a sentence.
	Line(string)
	// Start is called with the size of all files, and how much of it is in the
	// bucket.
	Start(size, uploaded int64)
	Stop()
}

func newProgress(w io.Writer) progress {
	if file, ok := w.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		return &barProgress{w: w}
	}
	return &lineProgress{w: w, every: 30 * time.Second, now: time.Now}
}

// barProgress is a bar of the remaining bytes, so that its rate and the time
// left are those of this run.
type barProgress struct {
	w io.Writer

	mu        sync.Mutex
	container *mpb.Progress
	bar       *mpb.Bar
	total     int64
}

func (p *barProgress) Start(size, uploaded int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.total = size - uploaded
	p.container = mpb.New(mpb.WithOutput(p.w), mpb.WithWidth(64))
	p.bar = p.container.AddBar(p.total,
		mpb.PrependDecorators(decor.CountersKiloByte("% .1f / % .1f"), decor.Percentage(decor.WCSyncSpace)),
		mpb.AppendDecorators(decor.AverageSpeed(decor.SizeB1000(0), "% .1f", decor.WCSyncSpace), decor.Name(" left "), decor.AverageETA(decor.ET_STYLE_GO)),
	)
}

func (p *barProgress) Stored(n int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n >= 0 {
		p.bar.IncrInt64(n)
		return
	}
	p.total -= n // there is more to do than expected
	p.bar.SetTotal(p.total, false)
}

func (p *barProgress) Finished(f transfer.File) { p.Line("verified " + f.Path) }

func (p *barProgress) Line(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	w := p.w
	if p.container != nil {
		w = p.container // above the bar
	}
	fmt.Fprintln(w, text)
}

func (p *barProgress) Stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.bar.Abort(false)
	p.container.Wait()
	p.container = nil
}

// lineProgress prints a line per file, and one every half minute.
type lineProgress struct {
	w     io.Writer
	every time.Duration
	now   func() time.Time

	mu           sync.Mutex
	begin, last  time.Time
	total, moved int64
}

func (p *lineProgress) Start(size, uploaded int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.begin, p.total = p.now(), size-uploaded
	p.last = p.begin
}

func (p *lineProgress) Stored(n int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n < 0 {
		p.total -= n
		return
	}
	p.moved += n
	now := p.now()
	if now.Sub(p.last) < p.every {
		return
	}
	p.last = now
	rate := float64(p.moved) / now.Sub(p.begin).Seconds()
	left := time.Duration(float64(p.total-p.moved) / rate * float64(time.Second))
	fmt.Fprintf(p.w, "%s of %s, %s/s, %s left\n", bytesText(p.moved), bytesText(p.total), bytesText(int64(rate)), left.Round(time.Second))
}

func (p *lineProgress) Finished(f transfer.File) {
	p.Line(fmt.Sprintf("verified %s, %s", f.Path, bytesText(f.Size)))
}

func (p *lineProgress) Line(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintln(p.w, text)
}

func (p *lineProgress) Stop() {}
