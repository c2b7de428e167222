package sam3d

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// ProtocolVersion is the version of the protocol in
// model-image/worker/protocol.py. The messages are documented in messages.py.
const ProtocolVersion = 2

// maxFrame is the maximum size of a message in bytes. Messages contain no
// pictures.
const maxFrame = 1 << 20

// errProtocol is the error of an invalid message.
var errProtocol = errors.New("the worker sent an invalid message")

// setup asks the worker to load the model.
type setup struct {
	Type            string `json:"type"`
	Protocol        int    `json:"protocol"`
	Weights         string `json:"weights"`
	Scratch         string `json:"scratch"`
	DINOv2          string `json:"dinov2"`
	MinimumGPUBytes int64  `json:"minimumGpuBytes"`
	DistilledSteps  int    `json:"distilledSteps"`
}

// raster is a picture in a file: rows from top to bottom, without padding.
type raster struct {
	Path   string `json:"path"`
	Width  int    `json:"width"`
	Height int    `json:"height"`
}

// run requests one object.
type run struct {
	Type    string   `json:"type"`
	ID      string   `json:"id"`
	Index   int      `json:"index"`
	Label   string   `json:"label"`
	Photo   raster   `json:"photo"` // RGBA with straight alpha
	Mask    *raster  `json:"mask"`  // one byte per pixel of the photo
	Box     []int    `json:"box"`   // x0, y0, x1, y1
	Seed    uint32   `json:"seed"`
	Formats []string `json:"formats"`
	Folder  string   `json:"folder"`
	Quality string   `json:"quality"`
	Faces   int      `json:"faces"`   // 0 for the quality's default
	Points  []point  `json:"points"`  // within the photo
	PhotoID *string  `json:"photoId"` // equal for the objects of a photo
}

// point is a pixel that the user has marked.
type point struct {
	X      int  `json:"x"`
	Y      int  `json:"y"`
	Inside bool `json:"inside"`
}

// export requests the files of an object that the worker has made.
type export struct {
	run
	Made string `json:"made"` // the path in made
}

// shutdown asks a process to exit after the current object.
type shutdown struct {
	Type string `json:"type"`
}

// ready reports that the set-up has succeeded.
type ready struct {
	Type     string            `json:"type"`
	Protocol int               `json:"protocol"`
	PID      int               `json:"pid"`
	Versions map[string]string `json:"versions"`
	GPU      gpu               `json:"gpu"`
	SetupMs  int64             `json:"setupMs"`
	Setup    map[string]int64  `json:"setup"` // milliseconds of its parts
}

type gpu struct {
	Name       string `json:"name"`
	TotalBytes int64  `json:"totalBytes"`
}

// progress reports that a stage of a run, or an export, begins.
type progress struct {
	Type      string `json:"type"`
	ID        string `json:"id"`
	Stage     string `json:"stage"`
	ElapsedMs int64  `json:"elapsedMs"`
}

// made reports that the GPU's part of a run is done.
type made struct {
	Type    string           `json:"type"`
	ID      string           `json:"id"`
	Path    string           `json:"path"`
	Mask    maskFacts        `json:"mask"`
	Timing  map[string]int64 `json:"timing"`
	Memory  memory           `json:"memory"`
	Reduced bool             `json:"reduced"`
}

// result reports that an object's files are complete.
type result struct {
	Type   string           `json:"type"`
	ID     string           `json:"id"`
	Files  []file           `json:"files"`
	Mesh   meshFacts        `json:"mesh"`
	Timing map[string]int64 `json:"timing"`
	Pose   *pose            `json:"pose"`
}

type file struct {
	Format string `json:"format"`
	Path   string `json:"path"`
	Bytes  int64  `json:"bytes"`
}

type meshFacts struct {
	Vertices int           `json:"vertices"`
	Faces    int           `json:"faces"`
	Bounds   [2][3]float64 `json:"bounds"`
}

type maskFacts struct {
	Source string   `json:"source"`
	Share  float64  `json:"share"`
	Score  *float64 `json:"score"`
}

type memory struct {
	PeakBytes     int64 `json:"peakBytes"`
	ReservedBytes int64 `json:"reservedBytes"`
}

type pose struct {
	Rotation    [4]float64 `json:"rotation"`
	Translation [3]float64 `json:"translation"`
	Scale       [3]float64 `json:"scale"`
	YFov        *float64   `json:"yfov"` // nil if the photo's camera is unknown
}

// failure reports why the set-up, a run or an export has failed.
type failure struct {
	Type    string  `json:"type"`
	Code    string  `json:"code"`
	Message string  `json:"message"`
	ID      *string `json:"id"`
	Fatal   bool    `json:"fatal"`
}

// logLine is a line for the server's log.
type logLine struct {
	Type    string `json:"type"`
	Level   string `json:"level"`
	Message string `json:"message"`
}

// Frame encodes a message: its length as four bytes, most significant first,
// then a JSON object whose "type" names the kind of message.
func Frame(message any) ([]byte, error) {
	body, err := json.Marshal(message)
	if err != nil {
		return nil, fmt.Errorf("writing a message to the worker: %w", err)
	}
	if len(body) > maxFrame {
		return nil, fmt.Errorf("writing a message to the worker: it has %d bytes, the most is %d", len(body), maxFrame)
	}
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(body))), body...), nil
}

// receive reads the next message of the worker. It returns io.EOF if the stream
// ends between two frames; other errors wrap [errProtocol] or the error of the
// read.
func receive(r io.Reader) (any, error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, fmt.Errorf("%w: the stream ended within a frame", errProtocol)
		}
		return nil, err
	}
	length := binary.BigEndian.Uint32(head[:])
	if length > maxFrame {
		return nil, fmt.Errorf("%w: a frame claims %d bytes", errProtocol, length)
	}
	body := make([]byte, length)
	if _, err := io.ReadFull(r, body); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, fmt.Errorf("%w: the stream ended within a frame", errProtocol)
		}
		return nil, err
	}
	return decode(body)
}

// decode decodes the JSON of a frame.
func decode(body []byte) (any, error) {
	var kind struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(body, &kind); err != nil {
		return nil, fmt.Errorf("%w: %w", errProtocol, err)
	}
	var message any
	switch kind.Type {
	case "ready":
		message = &ready{}
	case "progress":
		message = &progress{}
	case "made":
		message = &made{}
	case "result":
		message = &result{}
	case "failure":
		message = &failure{}
	case "log":
		message = &logLine{}
	default:
		return nil, fmt.Errorf("%w: its type is %.40q", errProtocol, kind.Type)
	}
	if err := json.Unmarshal(body, message); err != nil {
		return nil, fmt.Errorf("%w: %w", errProtocol, err)
	}
	return message, nil
}
