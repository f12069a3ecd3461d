// Rules that the compiler does not check.
export default [
  { ignores: ["service/page/vendor/"] },
  {
    files: ["service/page/**/*.js"],
    rules: {
      "no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
      "no-var": "error",
      "prefer-const": "error",
      eqeqeq: "error",
      curly: ["error", "multi-line"],
      "no-eval": "error",
      "no-implied-eval": "error",
      "no-shadow": "error",
      "max-lines": ["error", 220],
      "max-lines-per-function": ["error", 45],
    },
  },
];
