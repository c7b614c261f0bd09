// The program of a test's main container: it says what happens to it, one line each, and does as its options tell.
package main

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"
)

var (
	listen = flag.String("listen", "", "answer HTTP here")
	late   = flag.Duration("late", 0, "begin to listen after this time")
	answer = flag.String("answer", "200 OK", "the status line of each answer")
	deaf   = flag.Bool("deaf", false, "do not end on TERM")
	exit   = flag.Int("exit", 0, "exit status after TERM")
	status = flag.Int("now", -1, "end at once with this exit status")
	show   = flag.String("show", "", "a file to read at each start")
)

func main() {
	flag.Parse()
	signals := make(chan os.Signal, 9)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGUSR2)
	rest, _ := json.Marshal(flag.Args())
	fmt.Printf("probe: start %s\n", rest)
	if *show != "" {
		content, err := os.ReadFile(*show)
		fmt.Printf("probe: file %s %v\n", base64.StdEncoding.EncodeToString(content), err)
	}
	if *status >= 0 {
		os.Exit(*status)
	}
	if *listen != "" {
		go serve()
	}
	for caught := range signals {
		fmt.Printf("probe: signal %s\n", caught)
		if caught == syscall.SIGTERM && !*deaf {
			os.Exit(*exit)
		}
	}
}

func serve() {
	time.Sleep(*late)
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		fmt.Println("probe:", err)
		os.Exit(70)
	}
	for {
		connection, err := listener.Accept()
		if err == nil {
			receive(connection)
		}
	}
}

func receive(connection net.Conn) {
	defer connection.Close()
	reader := bufio.NewReader(connection)
	request, _ := reader.ReadString('\n')
	kind, size := "", 0
	for {
		line, err := reader.ReadString('\n')
		name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		if name == "" || err != nil {
			break
		}
		if name == "Content-Type" {
			kind = value
		}
		if name == "Content-Length" {
			size, _ = strconv.Atoi(value)
		}
	}
	body := make([]byte, size)
	_, _ = io.ReadFull(reader, body)
	words := strings.Fields(request)
	fmt.Printf("probe: request %s %s %s %s\n", words[0], words[1], kind, base64.StdEncoding.EncodeToString(body))
	// As servers on the JVM do: a client that closed its half while the answer was being made gets none.
	connection.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
	if _, err := reader.ReadByte(); err == io.EOF {
		return
	}
	fmt.Fprintf(connection, "HTTP/1.0 %s\r\nContent-Length: 0\r\n\r\n", *answer)
}
