// Nothing of what is typed into the page is kept: `persistAuthorization` would put tokens into the
// browser's storage, where they outlive the page and its user.
SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger",
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  persistAuthorization: false,
  queryConfigEnabled: false,
});
