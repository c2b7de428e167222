// Prints every text of the page, for someone to read who has not written them: npm run texts
import { runnerImport } from 'vite';

const { module: language } = await runnerImport('./src/texts/en.ts');
const { module: printing } = await runnerImport('./src/texts/printed.ts');
console.log(printing.printed(language.en).join('\n'));
