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

// scripted is a worker without a model, and an exporter. The script selects the
// behavior of its set-up, the label of an object that of a run and of an export.
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
		case "export":
			exported(sink, message)
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
		"type": "ready", "protocol": 2, "pid": os.Getpid(), "versions": map[string]string{"torch": "2.5.1"},
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
		ready["protocol"] = 3
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
	name, argument, _ := strings.Cut(run["label"].(string), "=")
	switch name {
	case "held": // until the file exists
		await(argument)
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
	sendMessage(sink, map[string]any{"type": "progress", "id": run["id"], "stage": "handover", "elapsedMs": 2})
	photo, err := os.ReadFile(run["photo"].(map[string]any)["path"].(string))
	if err != nil {
		os.Exit(5)
	}
	path := filepath.Join(folder, "made.npz")
	if run["label"] == "elsewhere" {
		path = "/etc/hostname"
	} else if err := os.WriteFile(path, fmt.Append(nil, len(photo)), 0o600); err != nil {
		os.Exit(5)
	}
	sendMessage(sink, map[string]any{
		"type": "made", "id": id, "path": path, "timing": map[string]int{"depth": 3, "total": 5},
		"mask":   map[string]any{"source": "segmenter", "share": 0.5, "score": 0.9},
		"memory": map[string]int{"peakBytes": 7, "reservedBytes": 9}, "reduced": false,
	})
}

// await returns when the file exists.
func await(path string) {
	for {
		if _, err := os.Stat(path); err == nil {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

func exported(sink *os.File, export map[string]any) {
	id, folder, label := export["id"], export["folder"].(string), export["label"].(string)
	if label == "export-killed-early" {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		time.Sleep(time.Hour)
	}
	sendMessage(sink, map[string]any{"type": "progress", "id": id, "stage": "export", "elapsedMs": 0})
	fail := func(code, message string, fatal bool) {
		sendMessage(sink, map[string]any{"type": "failure", "code": code, "message": message, "id": id, "fatal": fatal})
	}
	name, argument, _ := strings.Cut(label, "=")
	switch name {
	case "export-held": // until the file exists
		if err := os.WriteFile(argument+".begun", nil, 0o600); err != nil {
			os.Exit(5)
		}
		await(argument)
	case "export-killed":
		fmt.Println("about to be killed")
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		time.Sleep(time.Hour)
	case "export-hangs":
		time.Sleep(time.Hour)
	case "export-garbage":
		_, _ = sink.WriteString("Traceback (most recent call last):\n")
		time.Sleep(time.Hour)
	case "export-fails":
		fail("export_failed", "ValueError: no texture", false)
		return
	case "export-empty":
		fail("model_failed", "the model's mesh has no triangle", false)
		return
	case "export-memory":
		fail("out_of_memory", "MemoryError", false)
		return
	case "export-fatal":
		fail("export_failed", "it cannot go on", true)
		time.Sleep(time.Hour) // the server kills it
	case "export-other-run":
		id = "another"
	}
	if _, err := os.Stat(export["photo"].(map[string]any)["path"].(string)); err == nil {
		fail("bad_request", "the photo still takes space", false)
		return
	}
	photo, err := os.ReadFile(export["made"].(string))
	if err != nil {
		os.Exit(5)
	}
	var files []any
	for _, format := range append(export["formats"].([]any), "preview", "mask") {
		path := filepath.Join(folder, format.(string))
		if label == "exported-elsewhere" {
			path = "/etc/hostname"
		}
		// The files contain the request, for the test to check.
		content := fmt.Appendf(nil, "%s of %s bytes, box %v, seed %v, quality %v, faces %v, points %v, mask %v",
			format, photo, export["box"], export["seed"], export["quality"], export["faces"], export["points"], export["mask"] != nil)
		if label != "exported-elsewhere" {
			if err := os.WriteFile(path, content, 0o600); err != nil {
				os.Exit(5)
			}
		}
		size := len(content)
		if label == "short" {
			size++
		}
		files = append(files, map[string]any{"format": format, "path": path, "bytes": size})
	}
	if label == "nothing" {
		files = files[1:]
	}
	sendMessage(sink, map[string]any{
		"type": "result", "id": id, "files": files, "timing": map[string]int{"export": 2},
		"mesh": map[string]any{"vertices": 8, "faces": 12, "bounds": [][]float64{{-0.5, -0.5, -0.5}, {0.5, 0.5, 0.5}}},
		"pose": map[string]any{"rotation": []float64{1, 0, 0, 0}, "translation": []float64{1, 2, 3}, "scale": []float64{2, 2, 2}, "yfov": 0.75},
	})
}
