package sam3d

import "io"

// Receive lets tests read as the backend does.
func Receive(r io.Reader) (any, error) { return receive(r) }

// Decode lets tests read a frame's body.
func Decode(body []byte) (any, error) { return decode(body) }

// ErrGarbage lets tests tell a broken protocol from other errors.
var ErrGarbage = errGarbage

// ServerMessage makes an empty message of a type that the server sends.
func ServerMessage(kind string) any {
	switch kind {
	case "setup":
		return &setup{}
	case "run":
		return &run{}
	case "shutdown":
		return &shutdown{}
	}
	return nil
}
