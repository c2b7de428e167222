package sam3d

import (
	"context"
	"fmt"
	"image"
	"os"
	"path/filepath"
	"slices"

	"gen3d/internal/job"
	"gen3d/model-image/server"
)

// pack writes the object's pictures to its folder and returns the request.
func pack(ctx context.Context, folder, id string, in server.Input) (*run, error) {
	size := in.Photo.Rect.Size()
	request := &run{
		Type: "run", ID: id, Index: in.Object.Index, Label: in.Object.Label, Seed: in.Seed, Folder: folder,
		Quality: string(in.Quality), Faces: in.Faces,
		Photo: raster{Path: filepath.Join(folder, "photo"), Width: size.X, Height: size.Y}, Points: []point{},
	}
	for _, p := range in.Object.Points {
		request.Points = append(request.Points, point{X: p.X, Y: p.Y, Inside: p.Inside})
	}
	for _, f := range in.Formats {
		request.Formats = append(request.Formats, string(f))
	}
	if box := in.Object.Box; box != nil {
		request.Box = box[:]
	}
	if in.PhotoID != "" {
		request.PhotoID = &in.PhotoID
	}
	if err := writePhoto(request.Photo.Path, in.Photo); err != nil {
		return nil, err
	}
	if in.Mask != nil {
		if err := in.Mask.Validate(); err != nil {
			return nil, fmt.Errorf("using the mask of object %d: %w", in.Object.Index, err)
		}
		request.Mask = &raster{Path: filepath.Join(folder, "mask"), Width: size.X, Height: size.Y}
		if err := os.WriteFile(request.Mask.Path, in.Mask.Raster(size), 0o600); err != nil {
			return nil, fmt.Errorf("writing the mask for the worker: %w", err)
		}
	}
	return request, context.Cause(ctx)
}

// writePhoto writes the rows of the photo without padding.
func writePhoto(path string, photo *image.NRGBA) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("writing the photo for the worker: %w", err)
		}
	}()
	row := 4 * photo.Rect.Dx()
	if photo.Stride == row {
		return os.WriteFile(path, photo.Pix[:row*photo.Rect.Dy()], 0o600)
	}
	out, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	for y := range photo.Rect.Dy() {
		if _, err := out.Write(photo.Pix[y*photo.Stride : y*photo.Stride+row]); err != nil {
			_ = out.Close()
			return err
		}
	}
	return out.Close()
}

// unpack reads the files of the result of the object, all of which must be in its
// folder.
func unpack(object *made, written *result, folder string, formats []job.Format) (*server.Output, error) {
	out := &server.Output{
		Files: map[job.Format][]byte{},
		Mesh:  job.MeshStats{Vertices: written.Mesh.Vertices, Faces: written.Mesh.Faces, Bounds: written.Mesh.Bounds},
		Mask:  &job.MaskUse{Source: job.MaskSource(object.Mask.Source), Share: object.Mask.Share, Score: object.Mask.Score},
	}
	if p := written.Pose; p != nil {
		out.Pose = &job.Pose{Rotation: p.Rotation, Translation: p.Translation, Scale: p.Scale}
		if p.YFov != nil {
			out.Pose.Camera = &job.Camera{YFov: *p.YFov}
		}
	}
	wanted := job.Made(formats)
	for _, f := range written.Files {
		if filepath.Dir(f.Path) != folder || !slices.Contains(wanted, job.Format(f.Format)) {
			return nil, fmt.Errorf("%w: a file of format %.20q that was not requested or is in another folder", errProtocol, f.Format)
		}
		data, err := os.ReadFile(f.Path)
		if err != nil {
			return nil, fmt.Errorf("reading what the exporter wrote: %w", err)
		}
		if int64(len(data)) != f.Bytes {
			return nil, fmt.Errorf("%w: the %s has %d bytes, not the %d in its message", errProtocol, f.Format, len(data), f.Bytes)
		}
		out.Files[job.Format(f.Format)] = data
	}
	for _, format := range wanted {
		if len(out.Files[format]) == 0 {
			return nil, fmt.Errorf("the exporter wrote no %s", format)
		}
	}
	return out, nil
}
