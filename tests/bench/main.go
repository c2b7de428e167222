// Command bench measures Gen3D on this machine and prints one Markdown table of
// figures, each with its ratio to another one of the same run. It has no
// thresholds.
//
// It runs the built programs: bin/gen3d, and the functions in dist/native
// (`make bench` builds them first). Everything listens on free ports of
// 127.0.0.1 and is in one temporary folder that is removed at the end.
//
//	go run ./tests/bench                        everything, about a quarter of an hour on two cores
//	go run ./tests/bench -only cold,warm        some parts
//	go run ./tests/bench -only jobs -jobs 2000  with fewer jobs than 10,000
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// part is one group of figures.
type part struct {
	name    string
	measure func(context.Context, *bench) error
}

var parts = []part{
	{"cold", measureCold},
	{"warm", measureWarm},
	{"calls", measureCalls},
	{"overhead", measureOverhead},
	{"gpu", measureGPU},
	{"relief", measureRelief},
	{"scene", measureScene},
	{"list", measureList},
	{"jobs", measureJobs},
}

// bench is one run of the program.
type bench struct {
	table    table
	folder   string // temporary
	programs string // folder of the functions' binaries
	gen3d    string // binary of the one-machine mode
	photos   string // folder of the test photos
	jobs     int    // maximum of the parts that grow
	limit    time.Duration
	cloud    *cloud // started by the first part that needs it
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) (err error) {
	b := new(bench)
	var names []string
	for _, p := range parts {
		names = append(names, p.name)
	}
	only := flag.String("only", strings.Join(names, ","), "the parts to run, separated by commas")
	flag.IntVar(&b.jobs, "jobs", 10_000, "the most jobs of the parts list and jobs; at least 10")
	flag.DurationVar(&b.limit, "limit", 4*time.Minute, "time limit of the part jobs; its figures are those of the jobs finished by then")
	flag.StringVar(&b.programs, "programs", "dist/native", "folder of the functions' programs for this machine")
	flag.StringVar(&b.gen3d, "gen3d", "bin/gen3d", "the program of the one-machine mode")
	fill := flag.String("fill", "", "used internally by the part list: fill this data folder with -jobs finished jobs, then exit")
	flag.Parse()
	if *fill != "" {
		return fillFolder(ctx, *fill, b.jobs)
	}
	chosen := strings.Split(*only, ",")
	for _, name := range chosen {
		if !slices.Contains(names, name) {
			return fmt.Errorf("there is no part %q; choose from %s", name, strings.Join(names, ", "))
		}
	}
	if b.jobs < 10 {
		return fmt.Errorf("-jobs is %d; give at least 10", b.jobs)
	}
	if err := b.prepare(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	fmt.Printf("%s\n\n", describeMachine())
	// The figures are printed also if a part fails.
	defer func() {
		b.table.print(os.Stdout)
		fmt.Printf("\n%s\n", describeLoad())
	}()
	for _, p := range parts {
		if !slices.Contains(chosen, p.name) {
			continue
		}
		began := time.Now()
		b.table.part = p.name
		if err := p.measure(ctx, b); err != nil {
			return fmt.Errorf("measuring %s: %w", p.name, err)
		}
		fmt.Fprintf(os.Stderr, "bench: %s took %s\n", p.name, time.Since(began).Round(time.Second))
	}
	return nil
}

// prepare makes every path absolute, since the object store changes the working
// directory, and builds the empty function like the Makefile builds the others.
func (b *bench) prepare(ctx context.Context) (err error) {
	b.photos = "testdata/photos"
	for _, path := range []*string{&b.programs, &b.gen3d, &b.photos} {
		if *path, err = filepath.Abs(*path); err != nil {
			return err
		}
		if _, err := os.Stat(*path); err != nil {
			return fmt.Errorf("%w; run `make bench` at the root of the repository, which builds it", err)
		}
	}
	if b.folder, err = os.MkdirTemp("", "gen3d-bench-"); err != nil {
		return err
	}
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-tags", "lambda.norpc", "-ldflags", "-s -w -buildid=",
		"-o", filepath.Join(b.folder, "empty"), "gen3d/tests/bench/empty")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		return errors.Join(fmt.Errorf("building the empty function: %w\n%s", err, output), b.close())
	}
	return nil
}

// program returns the path of a function's binary.
func (b *bench) program(name string) string {
	if name == "empty" {
		return filepath.Join(b.folder, name)
	}
	return filepath.Join(b.programs, name)
}

func (b *bench) close() error {
	var err error
	if b.cloud != nil {
		err = b.cloud.close()
	}
	return errors.Join(err, os.RemoveAll(b.folder))
}

// note prints a progress message to stderr.
func note(format string, args ...any) { fmt.Fprintf(os.Stderr, "bench: "+format+"\n", args...) }
