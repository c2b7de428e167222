package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"runtime/debug"
	"sync"

	"gen3d/internal/job"
	"gen3d/model-image/server/mask"
	"gen3d/model-image/server/mesh"
	"gen3d/model-image/server/relief"
)

// Relief is a backend that inflates silhouettes on the CPU.
type Relief struct{ masks mask.Finder }

// NewRelief returns a backend that finds objects by color, without model
// weights.
func NewRelief() *Relief { return &Relief{masks: mask.Finder{Segmenter: mask.ColorModel{}}} }

// Name returns [relief.Name].
func (*Relief) Name() job.Backend { return relief.Name }

// Setup does nothing: there are no weights.
func (*Relief) Setup(context.Context) error { return nil }

// Reconstruct finds the mask, builds the mesh and encodes its files.
func (r *Relief) Reconstruct(ctx context.Context, in Input) (*Output, error) {
	settings, ok := relief.SettingsOf(in.Quality)
	if !ok {
		return nil, fmt.Errorf("the relief backend has no quality %q", in.Quality)
	}
	object := mask.Object{Index: in.Object.Index, Points: in.Object.Points, Given: in.Mask}
	if b := in.Object.Box; b != nil {
		box := image.Rect(b[0], b[1], b[2], b[3])
		object.Box = &box
	}
	m, use, err := r.masks.Find(ctx, in.Photo, object)
	if err != nil {
		return nil, err
	}
	in.Stage(job.StageReconstruct)
	made, pose, err := relief.Reconstruct(ctx, in.Photo, m, settings)
	if err != nil {
		return nil, err
	}
	in.Stage(job.StageExport)
	files, err := export(ctx, made, m, in)
	if err != nil {
		return nil, err
	}
	return &Output{Files: files, Mesh: made.Stats(), Mask: &use, Pose: &pose}, nil
}

// export encodes the mesh in all requested formats, its preview and the mask,
// concurrently.
func export(ctx context.Context, made *mesh.Mesh, m *mask.Mask, in Input) (map[job.Format][]byte, error) {
	origin := mesh.Origin{Name: in.Object.Label, Backend: string(relief.Name)}
	formats := job.Made(in.Formats)
	data := make([][]byte, len(formats))
	errs := make([]error, len(formats))
	var all sync.WaitGroup
	for i, format := range formats {
		all.Go(func() {
			defer func() { // the server recovers panics only in the goroutine that it started
				if p := recover(); p != nil {
					errs[i] = &panicError{value: p, stack: debug.Stack()}
				}
			}()
			switch errs[i] = ctx.Err(); {
			case errs[i] != nil:
			case format == job.FormatMask:
				data[i], errs[i] = m.Encode(in.Photo.Rect.Size())
			default:
				data[i], errs[i] = encode(made, format, origin, in.Seed)
			}
		})
	}
	all.Wait()
	files := make(map[job.Format][]byte, len(formats))
	for i, format := range formats {
		files[format] = data[i]
	}
	return files, errors.Join(errs...)
}

// encoders has the function that writes each format of [job.Formats] that shows
// the mesh: all but the mask.
var encoders = map[job.Format]func(*mesh.Mesh, io.Writer, mesh.Origin, uint32) error{
	job.FormatGLB: func(m *mesh.Mesh, to io.Writer, origin mesh.Origin, _ uint32) error {
		return m.WriteTexturedGLB(to, origin)
	},
	job.FormatGLBDense: func(m *mesh.Mesh, to io.Writer, origin mesh.Origin, _ uint32) error { return m.WriteGLB(to, origin) },
	job.FormatPLY:      func(m *mesh.Mesh, to io.Writer, origin mesh.Origin, _ uint32) error { return m.WritePLY(to, origin) },
	job.FormatSplat: func(m *mesh.Mesh, to io.Writer, origin mesh.Origin, seed uint32) error {
		return m.WriteSplat(to, origin, mesh.SplatOptions{Seed: seed})
	},
	job.FormatSPZ: func(m *mesh.Mesh, to io.Writer, _ mesh.Origin, seed uint32) error {
		return m.WriteSPZ(to, mesh.SplatOptions{Seed: seed})
	},
	job.FormatPreview: func(m *mesh.Mesh, to io.Writer, _ mesh.Origin, _ uint32) error {
		picture, err := m.Preview()
		if err == nil {
			_, err = to.Write(picture)
		}
		return err
	},
}

func encode(made *mesh.Mesh, format job.Format, origin mesh.Origin, seed uint32) ([]byte, error) {
	write, ok := encoders[format]
	if !ok {
		return nil, fmt.Errorf("the relief backend cannot write the format %q", format)
	}
	var out bytes.Buffer
	err := write(made, &out, origin, seed)
	return out.Bytes(), err
}
