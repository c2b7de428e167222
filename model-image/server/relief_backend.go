package server

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"io"

	"gen3d/internal/job"
	"gen3d/model-image/server/mask"
	"gen3d/model-image/server/mesh"
	"gen3d/model-image/server/relief"
)

// Relief is the backend that inflates silhouettes on the CPU.
type Relief struct{ masks mask.Maker }

// NewRelief finds objects by color, without any weights.
func NewRelief() *Relief { return &Relief{masks: mask.Maker{Segmenter: mask.ColorModel{}}} }

// Name is relief.
func (*Relief) Name() job.Backend { return relief.Name }

// Setup has nothing to load.
func (*Relief) Setup(context.Context) error { return nil }

// Reconstruct makes the mask, the mesh and its files.
func (r *Relief) Reconstruct(ctx context.Context, in Input) (*Output, error) {
	object := mask.Object{Index: in.Object.Index, Given: in.Mask}
	if b := in.Object.Box; b != nil {
		box := image.Rect(b[0], b[1], b[2], b[3])
		object.Box = &box
	}
	m, err := r.masks.Make(ctx, in.Photo, object)
	if err != nil {
		return nil, err
	}
	in.Stage(job.StageReconstruct)
	made, pose, err := relief.Reconstruct(ctx, in.Photo, m)
	if err != nil {
		return nil, err
	}
	in.Stage(job.StageExport)
	files, err := export(ctx, made, in)
	if err != nil {
		return nil, err
	}
	return &Output{Files: files, Mesh: made.Stats(), Pose: &pose}, nil
}

// export writes the mesh in every format asked for, and its preview.
func export(ctx context.Context, made *mesh.Mesh, in Input) (map[job.Format][]byte, error) {
	origin := mesh.Origin{Name: in.Object.Label, Backend: string(relief.Name)}
	files := map[job.Format][]byte{}
	for _, format := range in.Formats {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		var buffer bytes.Buffer
		if err := write(&buffer, made, format, origin, in.Seed); err != nil {
			return nil, err
		}
		files[format] = buffer.Bytes()
	}
	preview, err := made.Preview()
	if err != nil {
		return nil, err
	}
	files[job.FormatPreview] = preview
	return files, nil
}

func write(w io.Writer, made *mesh.Mesh, format job.Format, origin mesh.Origin, seed uint32) error {
	switch format {
	case job.FormatGLB:
		return made.WriteGLB(w, origin)
	case job.FormatPLY:
		return made.WritePLY(w, origin)
	case job.FormatSplat:
		return made.WriteSplat(w, origin, mesh.SplatOptions{Seed: seed})
	}
	return fmt.Errorf("the relief backend cannot write the format %q", format)
}
