package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"gen3d/internal/job"
	"gen3d/model-image/server/mesh"
)

const (
	sceneRuns    = 5
	sceneObjects = 16
)

// measureScene measures the event that ends a job of 16 objects of 5 MB, which
// makes the job's scene, and the same event of a job that has no scene.
func measureScene(ctx context.Context, b *bench) error {
	c, err := b.needCloud(ctx)
	if err != nil {
		return err
	}
	var plain []time.Duration
	for _, kind := range []struct {
		what   string
		format job.Format
		write  func(*mesh.Mesh, *bytes.Buffer, mesh.Origin) error
	}{
		{"no scene (PLY only)", job.FormatPLY, func(m *mesh.Mesh, to *bytes.Buffer, o mesh.Origin) error { return m.WritePLY(to, o) }},
		{"scene.glb", job.FormatGLB, func(m *mesh.Mesh, to *bytes.Buffer, o mesh.Origin) error { return m.WriteGLB(to, o) }},
		{"scene.ply", job.FormatSplat, func(m *mesh.Mesh, to *bytes.Buffer, o mesh.Origin) error {
			return m.WriteSplat(to, o, mesh.SplatOptions{Count: 21_000})
		}},
	} {
		var file bytes.Buffer
		if err := kind.write(surface(320), &file, mesh.Origin{Backend: string(job.BackendRelief)}); err != nil {
			return err
		}
		// A process for each kind, so that its peak is its own.
		host, err := startFunction(ctx, b, "notify", c.s3URL, c.server.URL)
		if err != nil {
			return err
		}
		var times []time.Duration
		var cores time.Duration
		for run := range sceneRuns {
			ref, event, err := c.finishedJob(ctx, fmt.Sprintf("scene-%s%d", kind.format, run), kind.format, file.Bytes())
			if err != nil {
				host.Close()
				return err
			}
			before, _ := cpuTime(host.PID())
			began := time.Now()
			if _, err := host.Invoke(ctx, event, timeout); err != nil {
				host.Close()
				return fmt.Errorf("notify, %s: %w", kind.what, err)
			}
			times = append(times, time.Since(began))
			if made, err := documents(s3Client(c.s3URL)).Scene(ctx, ref); kind.format != job.FormatPLY && (err != nil || made.Status != job.StatusSucceeded) {
				host.Close()
				return fmt.Errorf("notify, %s: the scene is %+v, %w", kind.what, made, err)
			}
			after, _ := cpuTime(host.PID())
			cores += after - before
		}
		peak := field(fmt.Sprintf("/proc/%d/status", host.PID()), "VmHWM")
		host.Close()
		if plain == nil {
			plain = times
		}
		size := fmt.Sprintf("%.1f MB", float64(file.Len())/(1<<20))
		b.table.add(fmt.Sprintf("notify, the end of a job of %d objects of %s: %s, median of %d", sceneObjects, size, kind.what, sceneRuns),
			ms(median(times)), ratioOf(median(times), median(plain)), "no scene")
		b.table.add("… time of the cores", ms(cores/sceneRuns), "", "")
		b.table.add("… most memory of the process at any time", peak, "", "")
	}
	return nil
}

// finishedJob writes a job whose objects have the same file and different places,
// and returns the event of one of its results.
func (c *cloud) finishedJob(ctx context.Context, user string, format job.Format, file []byte) (ref job.Ref, event any, err error) {
	store := documents(s3Client(c.s3URL))
	id, err := job.NewID(time.Now(), rand.Reader)
	if err != nil {
		return ref, nil, err
	}
	ref = job.Ref{User: user, Job: id}
	m := manifest(ref, sceneObjects)
	m.Options.Formats = []job.Format{format}
	if err := store.MarkPending(ctx, ref); err != nil {
		return ref, nil, err
	}
	if _, err := store.CreateManifest(ctx, &m); err != nil {
		return ref, nil, err
	}
	for n := 1; n <= sceneObjects; n++ {
		stored, err := store.PutFile(ctx, ref, n, format, file)
		if err != nil {
			return ref, nil, err
		}
		result := job.Result{
			Version: job.Version, Index: n, Status: job.StatusSucceeded, Files: []job.File{stored}, Backend: job.BackendRelief, FinishedAt: time.Now().UTC(),
			Pose: &job.Pose{Rotation: [4]float64{0.5, 0.5, 0.5, 0.5}, Translation: [3]float64{float64(n), 0, 3}, Scale: [3]float64{1, 1, 1}},
		}
		if _, err := store.CreateResult(ctx, ref, result); err != nil {
			return ref, nil, err
		}
	}
	for _, n := range c.take() {
		if n.function == "notify" {
			return ref, json.RawMessage(n.event), nil
		}
	}
	return ref, nil, fmt.Errorf("the bucket sent no event for notify")
}

// surface returns a wavy square of side × side vertices.
func surface(side int) *mesh.Mesh {
	m := new(mesh.Mesh)
	for y := range side {
		for x := range side {
			u, v := float64(x)/float64(side-1)-0.5, float64(y)/float64(side-1)-0.5
			m.Positions = append(m.Positions, mesh.Vec3{float32(u), float32(v), float32(math.Sin(20*u) * math.Cos(20*v) / 20)})
			m.Colors = append(m.Colors, [4]uint8{uint8(x), uint8(y), uint8(x * y), 255})
			if x > 0 && y > 0 {
				i := uint32(y*side + x)
				m.Triangles = append(m.Triangles, [3]uint32{i - uint32(side) - 1, i - uint32(side), i}, [3]uint32{i - uint32(side) - 1, i, i - 1})
			}
		}
	}
	return m
}
