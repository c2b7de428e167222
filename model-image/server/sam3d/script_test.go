package sam3d_test

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"gen3d/model-image/server/sam3d"
)

// scriptVariable makes the test program a worker that follows a script.
const scriptVariable = "GEN3D_TEST_WORKER"

func TestMain(m *testing.M) {
	if script := os.Getenv(scriptVariable); script != "" {
		scripted(script)
		return
	}
	os.Exit(m.Run())
}

// scripted is a worker without a model. The script selects the behavior of its
// set-up, the label of an object that of a run.
func scripted(script string) {
	source, sink := bufio.NewReader(os.NewFile(3, "source")), os.NewFile(4, "sink")
	for {
		message, err := readMessage(source)
		if err != nil {
			os.Exit(3)
		}
		switch message["type"] {
		case "shutdown":
			os.Exit(0)
		case "setup":
			setUp(script, sink)
		case "run":
			work(sink, message)
		}
	}
}

func readMessage(r io.Reader) (map[string]any, error) {
	var length uint32
	if err := binary.Read(r, binary.BigEndian, &length); err != nil {
		return nil, err
	}
	body := make([]byte, length)
	if _, err := io.ReadFull(r, body); err != nil {
		return nil, err
	}
	var message map[string]any
	return message, json.Unmarshal(body, &message)
}

func sendMessage(sink io.Writer, message map[string]any) {
	frame, err := sam3d.Frame(message)
	if err == nil {
		_, err = sink.Write(frame)
	}
	if err != nil {
		os.Exit(3)
	}
}

func setUp(script string, sink io.Writer) {
	name, argument, _ := strings.Cut(script, "=")
	ready := map[string]any{
		"type": "ready", "protocol": 1, "pid": os.Getpid(), "versions": map[string]string{"torch": "2.5.1"},
		"gpu": map[string]any{"name": "none", "totalBytes": 0}, "setupMs": 1,
	}
	switch name {
	case "no-weights":
		sendMessage(sink, map[string]any{"type": "failure", "code": "missing_weights", "message": "/opt/ml/model lacks moge/model.pt; push the weights.", "id": nil, "fatal": true})
		os.Exit(4)
	case "hangs":
		time.Sleep(time.Hour)
	case "crashes":
		fmt.Println("Traceback: no module named torch")
		os.Exit(1)
	case "version":
		ready["protocol"] = 2
	case "early":
		sendMessage(sink, map[string]any{"type": "progress", "id": "x", "stage": "mask", "elapsedMs": 0})
	case "loads-while": // the file exists
		for {
			if _, err := os.Stat(argument); err != nil {
				break
			}
			time.Sleep(time.Millisecond)
		}
	case "fails-until": // the file exists
		if _, err := os.Stat(argument); err != nil {
			sendMessage(sink, map[string]any{"type": "failure", "code": "no_gpu", "message": "No NVIDIA GPU is usable here.", "id": nil, "fatal": true})
			os.Exit(4)
		}
	}
	sendMessage(sink, ready)
}

func work(sink *os.File, run map[string]any) {
	id, folder := run["id"], run["folder"].(string)
	fail := func(code, message string, fatal bool) {
		sendMessage(sink, map[string]any{"type": "failure", "code": code, "message": message, "id": id, "fatal": fatal})
	}
	sendMessage(sink, map[string]any{"type": "progress", "id": id, "stage": "mask", "elapsedMs": 0})
	sendMessage(sink, map[string]any{"type": "progress", "id": id, "stage": "depth", "elapsedMs": 1})
	switch run["label"] {
	case "killed":
		fmt.Println("about to be killed")
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		time.Sleep(time.Hour)
	case "hangs":
		time.Sleep(time.Hour)
	case "exits":
		os.Exit(0)
	case "closes":
		_ = sink.Close()
		time.Sleep(time.Hour)
	case "garbage":
		_, _ = sink.WriteString("Traceback (most recent call last):\n")
		time.Sleep(time.Hour)
	case "huge":
		_, _ = sink.Write([]byte{0xff, 0xff, 0xff, 0xff})
		time.Sleep(time.Hour)
	case "not-found":
		fail("object_not_found", "No object stands out in box 1; draw the box closer around it.", false)
		return
	case "memory":
		fail("out_of_memory", "CUDA out of memory", false)
		return
	case "broken":
		fail("model_failed", "CUDA error: device-side assert triggered", true)
		time.Sleep(time.Hour) // the server kills it
	case "other-run":
		id = "another"
	}
	sendMessage(sink, map[string]any{"type": "log", "level": "warning", "message": "trying again"})
	sendMessage(sink, map[string]any{"type": "progress", "id": run["id"], "stage": "export", "elapsedMs": 2})
	photo, err := os.ReadFile(run["photo"].(map[string]any)["path"].(string))
	if err != nil {
		os.Exit(5)
	}
	var files []any
	for _, format := range append(run["formats"].([]any), "preview", "mask") {
		path := filepath.Join(folder, format.(string))
		if run["label"] == "elsewhere" {
			path = "/etc/hostname"
		}
		// The files contain the request, for the test to check.
		content := fmt.Appendf(nil, "%s of %d bytes, box %v, seed %v, quality %v, faces %v, points %v, mask %v",
			format, len(photo), run["box"], run["seed"], run["quality"], run["faces"], run["points"], run["mask"] != nil)
		if run["label"] != "elsewhere" {
			if err := os.WriteFile(path, content, 0o600); err != nil {
				os.Exit(5)
			}
		}
		size := len(content)
		if run["label"] == "short" {
			size++
		}
		files = append(files, map[string]any{"format": format, "path": path, "bytes": size})
	}
	if run["label"] == "nothing" {
		files = files[1:]
	}
	sendMessage(sink, map[string]any{
		"type": "result", "id": id, "files": files, "timing": map[string]int{"depth": 3, "total": 5},
		"mesh":   map[string]any{"vertices": 8, "faces": 12, "bounds": [][]float64{{-0.5, -0.5, -0.5}, {0.5, 0.5, 0.5}}},
		"mask":   map[string]any{"source": "segmenter", "share": 0.5, "score": 0.9},
		"memory": map[string]int{"peakBytes": 7, "reservedBytes": 9}, "reduced": false,
		"pose": map[string]any{"rotation": []float64{1, 0, 0, 0}, "translation": []float64{1, 2, 3}, "scale": []float64{2, 2, 2}, "yfov": 0.75},
	})
}
