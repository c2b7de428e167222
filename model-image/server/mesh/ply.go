package mesh

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math"
)

// WritePLY writes the mesh as binary little-endian PLY 1.0: vertices with x y z
// nx ny nz (float) and red green blue (uchar, sRGB), and faces as lists of
// three vertex_indices.
func (m *Mesh) WritePLY(w io.Writer, from Origin) error {
	if err := m.Validate(); err != nil {
		return fmt.Errorf("writing PLY: %w", err)
	}
	out := bufio.NewWriterSize(w, 1<<16)
	header := "ply\nformat binary_little_endian 1.0\n" +
		"comment " + Generator + ", backend " + from.Backend + "\n" +
		fmt.Sprintf("element vertex %d\n", len(m.Positions)) +
		"property float x\nproperty float y\nproperty float z\n" +
		"property float nx\nproperty float ny\nproperty float nz\n" +
		"property uchar red\nproperty uchar green\nproperty uchar blue\n" +
		fmt.Sprintf("element face %d\n", len(m.Triangles)) +
		"property list uchar int vertex_indices\nend_header\n"
	// A bufio.Writer keeps its first error and Flush returns it, so the errors of
	// the writes are not checked.
	_, _ = out.WriteString(header)
	normals := m.normals()
	var record []byte
	for i, p := range m.Positions {
		record = appendFloats(record[:0], p[0], p[1], p[2], normals[i][0], normals[i][1], normals[i][2])
		record = append(record, m.Colors[i][0], m.Colors[i][1], m.Colors[i][2])
		_, _ = out.Write(record)
	}
	for _, t := range m.Triangles {
		record = append(record[:0], 3)
		for _, v := range t {
			record = binary.LittleEndian.AppendUint32(record, v)
		}
		_, _ = out.Write(record)
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("writing PLY: %w", err)
	}
	return nil
}

// appendFloats appends the little-endian bytes of float32 values.
func appendFloats(b []byte, values ...float32) []byte {
	for _, v := range values {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return b
}
