package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"log"
	"net/http"
	"os"
	"strings"
)

// One secret; while you roll it, the new and the old one with a space between.
var secrets = strings.Fields(os.Getenv("WEBHOOK_SECRETS"))

func isOurs(body []byte, signature string) bool {
	for _, secret := range secrets {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write(body)
		expected := hex.EncodeToString(mac.Sum(nil))
		if hmac.Equal([]byte(expected), []byte(signature)) {
			return true
		}
	}
	return false
}

func webhook(w http.ResponseWriter, r *http.Request) {
	// The raw body, before anything decodes it.
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err != nil || !isOurs(body, r.Header.Get("x-webhook-signature")) {
		http.Error(w, "Invalid signature", http.StatusUnauthorized)
		return
	}
	// It is ours: hand the body to a queue of yours, and answer within 10 seconds.
	w.WriteHeader(http.StatusOK)
}

func main() {
	port := os.Getenv("PORT")
	if port == "" {
		port = "3000"
	}
	http.HandleFunc("/webhook", webhook)
	log.Fatal(http.ListenAndServe("localhost:"+port, nil))
}
